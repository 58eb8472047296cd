import { WebSocket } from 'ws';
import { z } from 'zod';
import { BeeproError } from '#core';
import type { Endpoint } from './endpoint.ts';
import { parseJsonText, writeJsonText } from './json-text.ts';
import { rpcError } from './rpc-error.ts';
import type { TokenSource } from './transport.ts';

/** How long opening and the first answer may take, and how often the peer must show life, in ms. */
const OPEN_MS = 15_000;
const PING_MS = 20_000;
/** Most values kept for a consumer that does not come for them; beyond it the subscription fails. */
const MAX_WAITING = 10_000;

const frameSchema = z.object({
  id: z.number().optional(),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).nullish(),
  method: z.string().optional(),
  params: z.array(z.unknown()).optional(),
});
type Frame = z.output<typeof frameSchema>;

/**
 * A channel of go-jsonrpc: the call answers with a channel's number, values come as `xrpc.ch.val`
 * [channel, value], `xrpc.ch.close` [channel] ends it, and `xrpc.cancel` [request id] asks for the end.
 * @throws BeeproError `CHAIN_UNREACHABLE`, `CHAIN_AUTH_REFUSED`, `CHAIN_TIMED_OUT`, `CHAIN_PROTOCOL`, `CHAIN_CANCELLED`
 */
export async function* subscribeOverWebSocket(
  endpoint: Endpoint,
  token: TokenSource,
  method: string,
  params: readonly unknown[],
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const site = { node: endpoint.name, method };
  const secret = await token();
  const inbox = new Inbox();
  const cancelled = () => new BeeproError('CHAIN_CANCELLED', { method });
  if (signal.aborted) throw cancelled();

  const socket = new WebSocket(endpoint.webSocket, {
    headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
    handshakeTimeout: OPEN_MS,
    maxPayload: 64 << 20,
  });
  const onAbort = () => inbox.fail(cancelled());
  signal.addEventListener('abort', onAbort, { once: true });
  let alive = true;
  let channel: unknown;
  const answerDue = setTimeout(
    () => inbox.fail(new BeeproError('CHAIN_TIMED_OUT', { ...site, ms: OPEN_MS })),
    OPEN_MS,
  );
  const heartbeat = setInterval(() => {
    if (!alive) return inbox.fail(new BeeproError('CHAIN_TIMED_OUT', { ...site, ms: PING_MS }));
    alive = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, PING_MS);

  socket.on('open', () => {
    socket.send(writeJsonText({ jsonrpc: '2.0', id: 1, method: `Filecoin.${method}`, params }));
  });
  socket.on('pong', () => {
    alive = true;
  });
  socket.on('unexpected-response', (_request, response) => {
    const refused = response.statusCode === 401 || response.statusCode === 403;
    const detail = `HTTP ${response.statusCode}`;
    inbox.fail(new BeeproError(refused ? 'CHAIN_AUTH_REFUSED' : 'CHAIN_PROTOCOL', { ...site, detail }));
  });
  socket.on('error', (cause) =>
    inbox.fail(new BeeproError('CHAIN_UNREACHABLE', { ...site, detail: cause.message }, { cause })),
  );
  socket.on('close', (code) =>
    inbox.fail(
      new BeeproError('CHAIN_UNREACHABLE', { ...site, detail: `the connection was closed (${code})` }),
    ),
  );
  socket.on('message', (data) => {
    alive = true;
    const frame = readFrame(String(data));
    if (!frame)
      return inbox.fail(new BeeproError('CHAIN_PROTOCOL', { ...site, detail: 'a frame is no JSON-RPC' }));
    if (frame.error) return inbox.fail(rpcError(site, frame.error));
    if (frame.id === 1) {
      channel = frame.result;
      clearTimeout(answerDue);
    } else if (frame.method === 'xrpc.ch.val' && frame.params?.[0] === channel) {
      inbox.add(frame.params?.[1], site);
    } else if (frame.method === 'xrpc.ch.close' && frame.params?.[0] === channel) {
      inbox.fail(
        new BeeproError('CHAIN_UNREACHABLE', { ...site, detail: 'the node ended the subscription' }),
      );
    }
  });

  try {
    for (;;) yield await inbox.next();
  } finally {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(answerDue);
    clearInterval(heartbeat);
    if (socket.readyState === WebSocket.OPEN)
      socket.send(writeJsonText({ jsonrpc: '2.0', method: 'xrpc.cancel', params: [1] }));
    socket.close();
    setTimeout(() => socket.terminate(), 1_000).unref();
  }
}

function readFrame(text: string): Frame | undefined {
  try {
    return frameSchema.safeParse(parseJsonText(text)).data;
  } catch {
    // No JSON: the caller ends the subscription with a protocol error.
    return undefined;
  }
}

/** Values that have arrived, and the one consumer that waits for them. The first failure ends it. */
class Inbox {
  readonly #values: unknown[] = [];
  #failure: BeeproError | undefined;
  #wake: (() => void) | undefined;

  add(value: unknown, site: { readonly node: string; readonly method: string }): void {
    if (this.#values.length < MAX_WAITING) {
      this.#values.push(value);
      this.#wake?.();
      return;
    }
    const detail = 'values came faster than they were read';
    this.fail(new BeeproError('CHAIN_PROTOCOL', { ...site, detail }));
  }

  fail(failure: BeeproError): void {
    this.#failure ??= failure;
    this.#wake?.();
  }

  async next(): Promise<unknown> {
    while (this.#values.length === 0) {
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#values.shift();
  }
}
