import { z } from 'zod';
import { BeeproError } from '#core';
import { LOTUS_METHODS, type LotusMethod, type LotusParams, type LotusResult } from './methods.ts';
import type { CallOptions, RpcTransport } from './transport.ts';
import { type HeadChange, headChange } from './wire/tipset.ts';

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
  /** Every node that may be asked now, the best first; for what is told to several of them. */
  inRotation(): readonly ChainApi[];
}

export function createChainApi(transport: RpcTransport): ChainApi {
  const calls = Object.keys(LOTUS_METHODS).map((name) => {
    const method = name as LotusMethod;
    const arity = LOTUS_METHODS[method].params.length;
    const call = (...args: readonly unknown[]): Promise<unknown> =>
      callMethod(transport, method, args.slice(0, arity), args[arity] as CallOptions | undefined);
    return [name.charAt(0).toLowerCase() + name.slice(1), call];
  });
  const api: Omit<ChainApi, keyof LotusCalls> = {
    // Several nodes behind one transport answer in turn.
    get node() {
      return transport.node;
    },
    headChanges: (options = {}) => readHeadChanges(transport, options),
    close: () => transport.close(),
  };
  return Object.assign(api, Object.fromEntries(calls) as LotusCalls);
}

async function callMethod(
  transport: RpcTransport,
  method: LotusMethod,
  params: readonly unknown[],
  options: CallOptions = {},
): Promise<unknown> {
  const definition = LOTUS_METHODS[method];
  const written = definition.params.map((schema: z.ZodType, index) => z.encode(schema, params[index]));
  const timeoutMs = options.timeoutMs ?? definition.timeoutMs;
  const answer = await transport.request(method, written, { ...options, timeoutMs });
  return parseAnswer(transport.node, method, definition.result, answer);
}

async function* readHeadChanges(
  transport: RpcTransport,
  options: CallOptions,
): AsyncGenerator<readonly HeadChange[]> {
  const changes = z.array(headChange);
  for await (const value of transport.subscribe('ChainNotify', [], options))
    yield parseAnswer(transport.node, 'ChainNotify', changes, value);
}

function parseAnswer<T>(node: string, method: string, schema: z.ZodType<T>, answer: unknown): T {
  const parsed = z.safeDecode(schema, answer as never);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.length ? ` at ${issue.path.join('.')}` : '';
  throw new BeeproError('CHAIN_PROTOCOL', {
    node,
    method,
    detail: `${issue?.message ?? 'unexpected answer'}${where}`,
  });
}
