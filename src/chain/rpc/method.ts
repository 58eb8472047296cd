import type { z } from 'zod';

export const SECOND = 1_000;

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

/** A call that waits inside the node; the caller gives its own time-out, else it is cut after 10 minutes. */
export function waiting<const P extends readonly z.ZodType[], R extends z.ZodType>(
  params: P,
  result: R,
): MethodDefinition<P, R> {
  return { params, result, timeoutMs: 600 * SECOND };
}

export function defineMethods<
  T extends Readonly<Record<string, MethodDefinition<readonly z.ZodType[], z.ZodType>>>,
>(methods: T): T {
  return methods;
}
