import type { z } from 'zod';

export const SECOND = 1_000;
/** Node's HTTP client gives up on an answer after 300 s; no call is planned to come near. */
export const LONGEST_CALL_MS = 240 * SECOND;

export interface MethodDefinition<P extends readonly z.ZodType[], R extends z.ZodType> {
  readonly params: P;
  readonly result: R;
  /** Default time-out of a call, in ms. */
  readonly timeoutMs: number;
}

/** An ordinary call. */
export function call<const P extends readonly z.ZodType[], R extends z.ZodType>(
  params: P,
  result: R,
  timeoutMs: number = 30 * SECOND,
): MethodDefinition<P, R> {
  return { params, result, timeoutMs };
}

/** A call that waits inside the node; cut after {@link LONGEST_CALL_MS} unless the caller gives less. */
export function waiting<const P extends readonly z.ZodType[], R extends z.ZodType>(
  params: P,
  result: R,
): MethodDefinition<P, R> {
  return { params, result, timeoutMs: LONGEST_CALL_MS };
}

export function defineMethods<
  T extends Readonly<Record<string, MethodDefinition<readonly z.ZodType[], z.ZodType>>>,
>(methods: T): T {
  return methods;
}
