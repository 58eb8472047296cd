import { z } from 'zod';
import { BeeproError } from '#core';
import { LOTUS_METHODS, type LotusMethod } from './methods.ts';
import type { CallOptions, RpcTransport } from './transport.ts';
import { type HeadChange, headChange } from './wire/tipset.ts';

/** What answers the calls of a ChainApi: a node, or several. Parameters and answers are our types. */
export interface MethodCaller {
  readonly node: string;
  call(method: LotusMethod, params: readonly unknown[], options: CallOptions): Promise<unknown>;
  headChanges(options: CallOptions): AsyncIterable<readonly HeadChange[]>;
  close(): Promise<void>;
}

/** One transport that is asked everything. */
export function callerOf(transport: RpcTransport): MethodCaller {
  return {
    get node() {
      return transport.node;
    },
    call: async (method, params, options) => {
      const timeoutMs = options.timeoutMs ?? LOTUS_METHODS[method].timeoutMs;
      const answer = await transport.request(method, writeParams(method, params), { ...options, timeoutMs });
      return readAnswer(transport.node, method, answer);
    },
    headChanges: (options) => readHeadChanges(transport, options),
    close: () => transport.close(),
  };
}

/** Parameters as they go over the wire. */
export function writeParams(method: LotusMethod, params: readonly unknown[]): readonly unknown[] {
  return LOTUS_METHODS[method].params.map((schema: z.ZodType, index) => z.encode(schema, params[index]));
}

/** @throws BeeproError `CHAIN_PROTOCOL` */
export function readAnswer<M extends LotusMethod>(
  node: string,
  method: M,
  answer: unknown,
): z.output<(typeof LOTUS_METHODS)[M]['result']> {
  return parse(node, method, LOTUS_METHODS[method].result, answer) as z.output<
    (typeof LOTUS_METHODS)[M]['result']
  >;
}

/** Changes of a node's head, over one connection. */
export async function* readHeadChanges(
  transport: RpcTransport,
  options: CallOptions,
): AsyncGenerator<readonly HeadChange[]> {
  const changes = z.array(headChange);
  for await (const value of transport.subscribe('ChainNotify', [], options))
    yield parse(transport.node, 'ChainNotify', changes, value);
}

function parse<T>(node: string, method: string, schema: z.ZodType<T>, answer: unknown): T {
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
