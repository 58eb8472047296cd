import { z } from 'zod';
import { BeeproError } from '#core';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { parseJsonText, writeJsonText } from './json-text.ts';
import { rpcError } from './rpc-error.ts';
import { subscribeOverWebSocket } from './subscription.ts';
import type { CallOptions, RpcTransport, TokenSource } from './transport.ts';
import { WebSocketCalls } from './websocket-calls.ts';

export interface NodeTransportOptions {
  /** `http://127.0.0.1:1234/rpc/v1`. */
  readonly url: string;
  readonly token?: TokenSource;
}

/**
 * One node: calls over HTTP, or over one WebSocket where the address says ws or wss; subscriptions over a WebSocket of
 * their own.
 */
export function createNodeTransport(options: NodeTransportOptions): RpcTransport {
  const endpoint = parseEndpoint(options.url);
  const token = options.token ?? (() => undefined);
  const closing = new AbortController();
  const until = (signal: AbortSignal | undefined) =>
    signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
  const socket = endpoint.prefersWebSocket ? new WebSocketCalls(endpoint, token) : undefined;
  return {
    node: endpoint.name,
    request: (method, params, options) => {
      const call = { ...options, signal: until(options.signal) };
      return socket?.request(method, params, call) ?? requestOverHttp(endpoint, token, method, params, call);
    },
    subscribe: (method, params, call) =>
      subscribeOverWebSocket(endpoint, token, method, params, until(call.signal)),
    async close() {
      closing.abort();
      socket?.close();
    },
  };
}

/** Either a result or an error; an answer may hold both names with one null. */
const answerSchema = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).nullish(),
});

async function requestOverHttp(
  endpoint: Endpoint,
  token: TokenSource,
  method: string,
  params: readonly unknown[],
  options: CallOptions & { readonly timeoutMs: number },
): Promise<unknown> {
  const site = { node: endpoint.name, method };
  const secret = await token();
  const timeout = AbortSignal.timeout(options.timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  let status: number;
  let text: string;
  try {
    const response = await fetch(endpoint.http, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(secret === undefined ? {} : { authorization: `Bearer ${secret}` }),
      },
      body: writeJsonText({ jsonrpc: '2.0', id: 1, method: `Filecoin.${method}`, params }),
      redirect: 'error',
      signal,
    });
    status = response.status;
    text = await response.text();
  } catch (cause) {
    if (options.signal?.aborted) throw new BeeproError('CHAIN_CANCELLED', { method }, { cause });
    if (timeout.aborted)
      throw new BeeproError('CHAIN_TIMED_OUT', { ...site, ms: options.timeoutMs }, { cause });
    throw new BeeproError('CHAIN_UNREACHABLE', { ...site, detail: networkDetail(cause) }, { cause });
  }
  return readAnswer(site, status, text);
}

function readAnswer(site: { node: string; method: string }, status: number, text: string): unknown {
  if (status === 401 || status === 403)
    throw new BeeproError('CHAIN_AUTH_REFUSED', { ...site, detail: `HTTP ${status}` });
  if (status === 429) throw new BeeproError('CHAIN_RATE_LIMITED', site);
  const protocolError = (detail: string) => new BeeproError('CHAIN_PROTOCOL', { ...site, detail });
  let json: unknown;
  try {
    json = parseJsonText(text);
  } catch {
    throw protocolError(`HTTP ${status}, ${text.length} characters that are no JSON`);
  }
  const answer = answerSchema.safeParse(json);
  if (!answer.success) throw protocolError(`HTTP ${status} with JSON that is no JSON-RPC answer`);
  if (answer.data.error) throw rpcError(site, answer.data.error);
  if (status !== 200) throw protocolError(`HTTP ${status} without an error`);
  // Lotus leaves `result` out where a method returns nothing.
  return answer.data.result ?? null;
}

/** The reason inside fetch's "fetch failed": `connect ECONNREFUSED 127.0.0.1:1`. */
function networkDetail(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  if (inner instanceof AggregateError) return inner.errors.map(networkDetail).join('; ');
  return inner instanceof Error ? inner.message || inner.name : String(inner);
}
