import { type AddressString, BeeproError } from '#core';
import type { Signer } from './signer.ts';

/** Several signers as one: each signature by the first that holds the key. */
export function combineSigners(signers: readonly Signer[]): Signer {
  const holder = async (address: AddressString): Promise<Signer | undefined> => {
    for (const signer of signers) if (await signer.has(address)) return signer;
    return undefined;
  };
  return {
    name: signers.map((signer) => signer.name).join(', '),
    async addresses() {
      const lists = await Promise.all(signers.map((signer) => signer.addresses()));
      return [...new Set(lists.flat())];
    },
    has: async (address) => (await holder(address)) !== undefined,
    async sign(from, data) {
      const signer = await holder(from);
      if (!signer) throw new BeeproError('WALLET_KEY_MISSING', { address: from });
      return signer.sign(from, data);
    },
  };
}
