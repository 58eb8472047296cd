import { callerOf, type MethodCaller } from './method-caller.ts';
import { LOTUS_METHODS, type LotusMethod, type LotusParams, type LotusResult } from './methods.ts';
import type { CallOptions, RpcTransport } from './transport.ts';
import type { HeadChange } from './wire/tipset.ts';

/** `chainHead`, `stateMinerInfo` …: each method of Lotus with its parameters and, last, options of the call. */
export type LotusCalls = {
  readonly [M in LotusMethod as Uncapitalize<M>]: (
    ...args: [...params: LotusParams<M>, options?: CallOptions]
  ) => Promise<LotusResult<M>>;
};

/**
 * A Filecoin node as the rest of the project sees it. Every answer has been parsed; every failure is a
 * BeeproError `CHAIN_…`; every call has a time-out.
 *
 * @example
 * const head = await chain.chainHead();
 * const info = await chain.stateMinerInfo('t01000', head.cids, { timeoutMs: 5_000 });
 */
export interface ChainApi extends LotusCalls {
  readonly node: string;
  /**
   * Changes of the head, first a `current`, over one connection; throws when it is lost. What should live on
   * uses {@link followHead}.
   */
  headChanges(options?: CallOptions): AsyncIterable<readonly HeadChange[]>;
  close(): Promise<void>;
}

/**
 * Several nodes as one. A call by the pool itself goes to whichever node is best; what must agree with itself, or be
 * told to more than one, says so.
 */
export interface ChainPool extends ChainApi {
  /**
   * Runs calls that belong together (a head and what is read at it, a nonce and its push) on one node, the best that
   * is there. A failure is the caller's to repeat: another node may see another chain.
   * @throws BeeproError `CHAIN_NODES_MISSING`, and what `work` throws
   */
  onOneNode<T>(work: (node: ChainApi) => Promise<T>): Promise<T>;
  /**
   * Every node that may be asked now, the best first; for what is told to several of them. Waits for the first look.
   * @throws BeeproError `CHAIN_NODES_MISSING`, `CHAIN_NODES_OUT`
   */
  inRotation(): Promise<readonly ChainApi[]>;
}

export function createChainApi(transport: RpcTransport): ChainApi {
  return apiOver(callerOf(transport));
}

/** The typed calls over whatever answers them. */
export function apiOver(caller: MethodCaller): ChainApi {
  const calls = Object.keys(LOTUS_METHODS).map((name) => {
    const method = name as LotusMethod;
    const arity = LOTUS_METHODS[method].params.length;
    const call = (...args: readonly unknown[]): Promise<unknown> =>
      caller.call(method, args.slice(0, arity), (args[arity] as CallOptions | undefined) ?? {});
    return [name.charAt(0).toLowerCase() + name.slice(1), call];
  });
  const api: Omit<ChainApi, keyof LotusCalls> = {
    // Several nodes behind one caller answer in turn.
    get node() {
      return caller.node;
    },
    headChanges: (options = {}) => caller.headChanges(options),
    close: () => caller.close(),
  };
  return Object.assign(api, Object.fromEntries(calls) as LotusCalls);
}
