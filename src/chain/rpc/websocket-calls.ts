import { WebSocket } from 'ws';
import { z } from 'zod';
import { BeeproError } from '#core';
import type { Endpoint } from './endpoint.ts';
import { parseJsonText, writeJsonText } from './json-text.ts';
import { backoffMs } from './pool/backoff.ts';
import { rpcError } from './rpc-error.ts';
import type { CallOptions, TokenSource } from './transport.ts';

/** How long opening may take, and how often the peer must show life, in ms. */
const OPEN_MS = 15_000;
const PING_MS = 20_000;
const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 30_000;

const frameSchema = z.object({
  id: z.number().nullish(),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).nullish(),
});

interface Pending {
  readonly method: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: BeeproError) => void;
}

/**
 * Calls over one WebSocket, many at a time, told apart by their ids. The connection is made at the first call and again
 * at the first after it was lost, with back-off: until that has passed, calls fail at once.
 */
export class WebSocketCalls {
  readonly #endpoint: Endpoint;
  readonly #token: TokenSource;
  readonly #pending = new Map<number, Pending>();
  #socket: Promise<WebSocket> | undefined;
  #lastId = 0;
  #failures = 0;
  #notBefore = 0;

  constructor(endpoint: Endpoint, token: TokenSource) {
    this.#endpoint = endpoint;
    this.#token = token;
  }

  /** @throws BeeproError `CHAIN_…` */
  async request(
    method: string,
    params: readonly unknown[],
    options: CallOptions & { readonly timeoutMs: number },
  ): Promise<unknown> {
    const { signal, timeoutMs } = options;
    const site = { node: this.#endpoint.name, method };
    const id = ++this.#lastId;
    let timer: NodeJS.Timeout | undefined;
    let onAbort: () => void = () => undefined;
    try {
      return await new Promise((resolve, reject) => {
        onAbort = () => reject(new BeeproError('CHAIN_CANCELLED', { method }));
        if (signal?.aborted) return onAbort();
        signal?.addEventListener('abort', onAbort, { once: true });
        timer = setTimeout(
          () => reject(new BeeproError('CHAIN_TIMED_OUT', { ...site, ms: timeoutMs })),
          timeoutMs,
        );
        this.#pending.set(id, { method, resolve, reject });
        const text = writeJsonText({ jsonrpc: '2.0', id, method: `Filecoin.${method}`, params });
        this.#open(method).then((socket) => {
          if (this.#pending.has(id)) socket.send(text);
        }, reject);
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      // Only what has not been answered is still there: the node need not go on with it.
      if (this.#pending.delete(id)) this.#tellCancelled(id);
    }
  }

  close(): void {
    void this.#socket?.then((socket) => socket.terminate()).catch(() => undefined);
  }

  #tellCancelled(id: number): void {
    void this.#socket
      ?.then((socket) => {
        if (socket.readyState === WebSocket.OPEN)
          socket.send(writeJsonText({ jsonrpc: '2.0', method: 'xrpc.cancel', params: [id] }));
      })
      .catch(() => undefined);
  }

  #open(method: string): Promise<WebSocket> {
    if (this.#socket) return this.#socket;
    const waitMs = Math.ceil(this.#notBefore - performance.now());
    if (waitMs > 0) {
      const detail = `the connection was lost; it is made again in ${waitMs} ms`;
      return Promise.reject(
        new BeeproError('CHAIN_UNREACHABLE', { node: this.#endpoint.name, method, detail }),
      );
    }
    const opening = this.#connect(method);
    this.#socket = opening;
    opening.catch((error) => this.#lost(opening, error));
    return opening;
  }

  async #connect(method: string): Promise<WebSocket> {
    const site = { node: this.#endpoint.name, method };
    const secret = await this.#token();
    const socket = new WebSocket(this.#endpoint.webSocket, {
      headers: secret === undefined ? {} : { authorization: `Bearer ${secret}` },
      handshakeTimeout: OPEN_MS,
      maxPayload: 256 << 20,
    });
    return new Promise((resolve, reject) => {
      let alive = true;
      const fail = (error: BeeproError) => {
        clearInterval(heartbeat);
        reject(error);
        this.#lost(this.#socket, error);
        socket.terminate();
      };
      const heartbeat = setInterval(() => {
        if (!alive) return fail(new BeeproError('CHAIN_TIMED_OUT', { ...site, ms: PING_MS }));
        alive = false;
        if (socket.readyState === WebSocket.OPEN) socket.ping();
      }, PING_MS).unref();
      const unreachable = (detail: string, cause?: Error) =>
        fail(new BeeproError('CHAIN_UNREACHABLE', { ...site, detail }, { cause }));

      socket.on('open', () => {
        this.#failures = 0;
        resolve(socket);
      });
      socket.on('pong', () => {
        alive = true;
      });
      socket.on('message', (data) => {
        alive = true;
        if (!this.#receive(String(data)))
          fail(new BeeproError('CHAIN_PROTOCOL', { ...site, detail: 'a frame is no JSON-RPC' }));
      });
      socket.on('unexpected-response', (_request, response) => {
        const refused = response.statusCode === 401 || response.statusCode === 403;
        const detail = `HTTP ${response.statusCode}`;
        fail(new BeeproError(refused ? 'CHAIN_AUTH_REFUSED' : 'CHAIN_PROTOCOL', { ...site, detail }));
      });
      socket.on('error', (cause) => unreachable(cause.message, cause));
      socket.on('close', (code) => unreachable(`the connection was closed (${code})`));
    });
  }

  /** False when it is no frame of JSON-RPC. */
  #receive(text: string): boolean {
    let frame: z.output<typeof frameSchema>;
    try {
      frame = frameSchema.parse(parseJsonText(text));
    } catch {
      return false;
    }
    const pending = frame.id === null || frame.id === undefined ? undefined : this.#pending.get(frame.id);
    if (!pending || frame.id === null || frame.id === undefined) return true;
    this.#pending.delete(frame.id);
    if (frame.error)
      pending.reject(rpcError({ node: this.#endpoint.name, method: pending.method }, frame.error));
    else pending.resolve(frame.result ?? null);
    return true;
  }

  /** What was under way may or may not have been done. */
  #lost(socket: Promise<WebSocket> | undefined, error: BeeproError): void {
    if (socket === undefined || socket !== this.#socket) return;
    this.#socket = undefined;
    this.#notBefore =
      performance.now() + backoffMs(this.#failures, MIN_BACKOFF_MS, MAX_BACKOFF_MS, Math.random());
    this.#failures += 1;
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of waiting) reject(error);
  }
}
