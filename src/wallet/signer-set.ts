import { type AddressString, BeeproError, isBeeproError } from '#core';
import type { Signer } from './signer.ts';

/** What one signer of several holds, or why that is not known. */
export interface Holdings {
  readonly signer: string;
  readonly addresses: readonly AddressString[];
  readonly away?: BeeproError;
}

/** Several signers as one. */
export interface SignerSet extends Signer {
  /** What each of them holds, in their order; one that is away is said to be. */
  holdings(): Promise<readonly Holdings[]>;
  /** The signer that signs for an address; undefined: none holds its key. @throws BeeproError `WALLET_SIGNER_AWAY` */
  holder(address: AddressString): Promise<string | undefined>;
}

/**
 * Each signature by the first signer that holds the key. A signer that is away is passed over only when another holds
 * the same key: else nobody knows whether it has it, and the signature waits for it.
 */
export function combineSigners(signers: readonly Signer[] | (() => readonly Signer[])): SignerSet {
  const all = (): readonly Signer[] => (typeof signers === 'function' ? signers() : signers);
  const holder = async (address: AddressString): Promise<Signer | undefined> => {
    let away: unknown;
    for (const signer of all()) {
      try {
        if (await signer.has(address)) return signer;
      } catch (error) {
        away ??= error;
      }
    }
    if (away !== undefined) throw away;
    return undefined;
  };
  const holdings = async (): Promise<readonly Holdings[]> =>
    Promise.all(
      all().map(async (signer): Promise<Holdings> => {
        try {
          return { signer: signer.name, addresses: await signer.addresses() };
        } catch (error) {
          if (!isBeeproError(error)) throw error;
          return { signer: signer.name, addresses: [], away: error };
        }
      }),
    );
  return {
    get name() {
      return all()
        .map((signer) => signer.name)
        .join(', ');
    },
    async addresses() {
      const lists = await Promise.all(all().map((signer) => signer.addresses()));
      return [...new Set(lists.flat())];
    },
    has: async (address) => (await holder(address)) !== undefined,
    async sign(from, data, message) {
      const signer = await holder(from);
      if (!signer) throw new BeeproError('WALLET_KEY_MISSING', { address: from });
      return signer.sign(from, data, message);
    },
    holdings,
    holder: async (address) => (await holder(address))?.name,
  };
}
