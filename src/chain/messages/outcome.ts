import { decodeReturnOf, EXIT_OK, exitCodesOf, MINER_METHODS } from '#codec';
import { isBeeproError } from '#core';

/** What the receipt of an executed message says of its members, in their order. */
export type MemberOutcome =
  | { readonly exitCodes: readonly number[] }
  /** The return value is of no known shape: each member is looked up on chain. */
  | { readonly unknown: string };

/**
 * Exit code of each member of a batch. PreCommitSectorBatch2 is all or nothing and returns nothing;
 * ProveCommitSectors3 returns a `BatchReturn` over its members. Source: builtin-actors `miner/src/lib.rs`.
 */
export function memberOutcome(
  method: number,
  exitCode: number,
  returned: Uint8Array,
  members: number,
): MemberOutcome {
  if (exitCode !== EXIT_OK) return { exitCodes: new Array<number>(members).fill(exitCode) };
  if (method !== MINER_METHODS.ProveCommitSectors3.number) {
    return { exitCodes: new Array<number>(members).fill(EXIT_OK) };
  }
  try {
    const codes = exitCodesOf(decodeReturnOf(MINER_METHODS.ProveCommitSectors3, returned, 't'), members);
    return codes ? { exitCodes: codes } : { unknown: 'it is of another number of members' };
  } catch (error) {
    if (isBeeproError(error, 'CBOR_MALFORMED')) return { unknown: error.message };
    throw error;
  }
}
