import { type AddressString, BeeproError, isBeeproError } from '#core';
import { createNodeWallet, restingSigner, type Signer } from '#wallet';
import type { ChainApi, ChainPool } from '../rpc/index.ts';

const NAME = 'wallets of the nodes';

/**
 * The wallets of all nodes as one: each node has a wallet of its own, so a key is looked for in each, and signed with
 * where it lies. A node that is out of rotation may be the one that has it: then the key is not missing but away.
 *
 * @param configured how many nodes there are in all
 */
export function createNodesWallet(
  pool: Pick<ChainPool, 'inRotation'>,
  method: 'WalletSign' | 'WalletSignMessage',
  configured: () => number,
): Signer {
  const wallets = new WeakMap<ChainApi, Signer>();
  const walletOf = (node: ChainApi): Signer => {
    const known = wallets.get(node) ?? restingSigner(createNodeWallet(node, method));
    wallets.set(node, known);
    return known;
  };
  const asked = async (): Promise<readonly Signer[]> => (await pool.inRotation()).map(walletOf);
  const awayIfAny = (nodes: number, failure: unknown): void => {
    if (failure !== undefined) throw failure;
    if (nodes >= configured()) return;
    const detail = `${configured() - nodes} of ${configured()} nodes cannot be asked`;
    throw new BeeproError('WALLET_SIGNER_AWAY', { signer: NAME, detail });
  };
  const holder = async (address: AddressString): Promise<Signer | undefined> => {
    const nodes = await asked();
    let failure: unknown;
    for (const wallet of nodes) {
      try {
        if (await wallet.has(address)) return wallet;
      } catch (error) {
        failure ??= error;
      }
    }
    awayIfAny(nodes.length, failure);
    return undefined;
  };
  return {
    name: NAME,
    async addresses() {
      const nodes = await asked();
      if (nodes.length === 0) awayIfAny(0, undefined);
      const lists = await Promise.all(
        nodes.map(async (wallet) => {
          try {
            return await wallet.addresses();
          } catch (error) {
            if (nodes.length > 1 && isBeeproError(error, 'WALLET_SIGNER_AWAY')) return [];
            throw error;
          }
        }),
      );
      return [...new Set(lists.flat())];
    },
    has: async (address) => (await holder(address)) !== undefined,
    async sign(from, data, message) {
      const wallet = await holder(from);
      if (!wallet) throw new BeeproError('WALLET_KEY_MISSING', { address: from });
      return wallet.sign(from, data, message);
    },
  };
}
