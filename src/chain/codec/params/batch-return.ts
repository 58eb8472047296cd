import { array, type SchemaValue, tuple, uint } from '../schema.ts';

/**
 * What a batched method returns: how many members succeeded, and the index and exit code of each that failed.
 * The stages of ProveCommitSectors3 are folded into one of these over the message's own members.
 * Source: builtin-actors `runtime/src/util/batch_return.rs`.
 */
export const batchReturn = tuple({
  successCount: uint,
  failCodes: array(tuple({ index: uint, code: uint })),
});

export type BatchReturn = SchemaValue<typeof batchReturn>;

/** The exit code of every member, 0 for success; undefined when the return does not fit `count` members. */
export function exitCodesOf(result: BatchReturn, count: number): number[] | undefined {
  if (result.successCount + result.failCodes.length !== count) return undefined;
  const codes = new Array<number>(count).fill(0);
  for (const { index, code } of result.failCodes) {
    if (index >= count || codes[index] !== 0 || code === 0) return undefined;
    codes[index] = code;
  }
  return codes;
}

export function batchReturnOf(codes: readonly number[]): BatchReturn {
  const failCodes = codes.flatMap((code, index) => (code === 0 ? [] : [{ index, code }]));
  return { successCount: codes.length - failCodes.length, failCodes };
}
