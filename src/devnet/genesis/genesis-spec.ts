import type { KeyType } from '#codec';
import type { AddressString, AttoFil, CidString, Epoch, SectorNumber, SectorSizeName } from '#core';

/** A funded account. With a name its key is drawn from the chain's seed and kept by the node's wallet. */
export type GenesisAccount =
  | { readonly name: string; readonly type: KeyType; readonly balance: AttoFil }
  | { readonly address: AddressString; readonly balance: AttoFil };

/** A sector that was sealed before the chain began, and counts as proven. */
export interface PreSealedSector {
  readonly number: SectorNumber;
  readonly sealProof: number;
  readonly sealedCid: CidString;
  readonly expiration: Epoch;
}

export interface GenesisMiner {
  /** Name or address of a genesis account. */
  readonly owner: string;
  readonly worker: string;
  readonly sectorSize: SectorSizeName;
  readonly balance: AttoFil;
  readonly sectors: readonly PreSealedSector[];
}

/** What the chain begins with. Accounts get the ids from t0100 on, miners from t01000 on, in their order. */
export interface GenesisSpec {
  readonly accounts: readonly GenesisAccount[];
  readonly miners: readonly GenesisMiner[];
}

const FIL = 10n ** 18n;

/** One miner of 2 KiB sectors, its BLS owner and worker, and a secp256k1 account beside. */
export function defaultGenesis(sectorSize: SectorSizeName = '2KiB'): GenesisSpec {
  return {
    accounts: [
      { name: 'worker', type: 'bls', balance: 50_000_000n * FIL },
      { name: 'operator', type: 'secp256k1', balance: 100_000n * FIL },
    ],
    miners: [{ owner: 'worker', worker: 'worker', sectorSize, balance: 1_000n * FIL, sectors: [] }],
  };
}
