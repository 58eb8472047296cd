import type { ActorId, SectorNumber } from '#core';

/** One window PoSt with everything it is about. */
export interface WindowPoStInput {
  readonly miner: ActorId;
  /** Registered PoSt proof number. */
  readonly postProof: number;
  /** Raw 32 bytes. */
  readonly randomness: Uint8Array;
  /** In ascending order of what they stand for: in place of a bad sector stands the first good one, once more. */
  readonly sectors: readonly { readonly number: SectorNumber; readonly commR: Uint8Array }[];
  readonly proof: Uint8Array;
}
