import type { LotusMethod, LotusParams, LotusResult } from '#chain';
import type { RpcContext } from './context.ts';

type MaybePromise<T> = T | Promise<T>;

/** Answers a method of Lotus in this project's types; the wire's form comes from the shared table of methods. */
export type Handlers = {
  readonly [M in LotusMethod]?: (
    context: RpcContext,
    ...params: LotusParams<M>
  ) => MaybePromise<LotusResult<M>>;
};

/** Keeps the literal set of methods that a group of handlers answers. */
export function defineHandlers<T extends Handlers>(handlers: T): T {
  return handlers;
}
