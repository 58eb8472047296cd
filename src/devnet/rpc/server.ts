import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { parseJsonText, writeJsonText } from '#chain';
import { BeeproError } from '#core';
import type { NodeChain } from '../node/node-chain.ts';
import { ANONYMOUS, type Permission, type TokenAuthority } from './auth.ts';
import {
  type Dispatcher,
  httpStatusOf,
  isControl,
  type RpcAnswer,
  type RpcRequest,
  rpcRequest,
} from './dispatcher.ts';
import type { ListenAddress } from './listen-address.ts';
import { WebSocketSession } from './websocket-session.ts';

const PATH = '/rpc/v1';
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** Lotus' API over HTTP and WebSocket, on one path and port, with the faults of the node before it. */
export class RpcServer {
  readonly #server: Server;
  // A node that stands still sends no pong either.
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY_BYTES, autoPong: false });
  readonly #dispatcher: Dispatcher;
  readonly #tokens: TokenAuthority;
  readonly #chain: NodeChain;

  constructor(dispatcher: Dispatcher, tokens: TokenAuthority, chain: NodeChain) {
    this.#dispatcher = dispatcher;
    this.#tokens = tokens;
    this.#chain = chain;
    this.#server = createServer((request, response) => {
      // A caller that goes away in the middle of its request takes only its own answer with it.
      this.#handle(request, response).catch(() => response.destroy());
    });
    this.#server.on('upgrade', (request, socket, head) => {
      const allowed = this.#allowed(request);
      if (pathOf(request) !== PATH || !allowed) {
        socket.end(`HTTP/1.1 ${allowed ? '404 Not Found' : '401 Unauthorized'}\r\nConnection: close\r\n\r\n`);
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#serve(opened, allowed));
    });
  }

  /** Begins to listen, or goes on; gives where. @throws BeeproError `DEVNET_LISTEN_FAILED` */
  open({ host, port }: ListenAddress): Promise<ListenAddress> {
    if (this.#server.listening) return Promise.resolve({ host, port });
    return new Promise((resolve, reject) => {
      const failed = (cause: Error): void => {
        const address = `${host}:${port}`;
        reject(new BeeproError('DEVNET_LISTEN_FAILED', { address, detail: cause.message }, { cause }));
      };
      this.#server.once('error', failed);
      this.#server.listen(port, host, () => {
        this.#server.off('error', failed);
        resolve({ host, port: (this.#server.address() as AddressInfo).port });
      });
    });
  }

  /** Refuses connections from now on and cuts those that are open. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    for (const socket of this.#sockets.clients) socket.terminate();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(socket: WebSocket, allowed: readonly Permission[]): void {
    new WebSocketSession(socket, this.#dispatcher, this.#chain, allowed);
  }

  /** What the caller may do; undefined for a token that is not ours. */
  #allowed(request: IncomingMessage): readonly Permission[] | undefined {
    const header = request.headers.authorization;
    const token =
      header?.replace(/^Bearer /, '') ?? new URL(request.url ?? '/', 'http://node').searchParams.get('token');
    return token ? this.#tokens.verify(token) : ANONYMOUS;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const allowed = this.#allowed(request);
    if (!allowed) return void response.writeHead(401).end();
    if (pathOf(request) !== PATH) return void response.writeHead(404).end();
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const abort = new AbortController();
    response.once('close', () => abort.abort());
    const body = await readBody(request);
    if (body === undefined) return void response.writeHead(413).end();
    const read = readRequests(body);
    if (!('requests' in read)) return reply(response, 500, read.failure);
    const calls = read.requests.flatMap((each) => (each.request ? [each.request] : []));
    if (!calls.every(isControl)) {
      const admission = await this.#dispatcher.gate.enter(abort.signal);
      if (admission === 'stalled') return;
      if (admission === 'failed') return void response.writeHead(503).end('upstream is not available\n');
      if (admission === 'limited') return void response.writeHead(429).end('too many requests\n');
    }
    const answers = await Promise.all(
      read.requests.map(({ request }) =>
        request
          ? this.#dispatcher.answer(request, allowed, abort.signal)
          : broken(read.isBatch ? 'invalid request' : 'unmarshaling request: not a JSON-RPC request'),
      ),
    );
    if (calls.some((call) => !isControl(call) && this.#dispatcher.gate.cuts(call.method)))
      return void (this.#dispatcher.gate.faults.stall || request.socket.destroy());
    if (read.isBatch) return reply(response, 200, answers);
    const [answer] = answers;
    reply(response, answer ? httpStatusOf(answer) : 500, answer);
  }
}

interface ReadRequests {
  readonly isBatch: boolean;
  /** One undefined for each that is no request. */
  readonly requests: readonly { readonly request: RpcRequest | undefined }[];
}

function readRequests(text: string): ReadRequests | { readonly failure: RpcAnswer } {
  try {
    const parsed = parseJsonText(text);
    const items: readonly unknown[] = Array.isArray(parsed) ? parsed : [parsed];
    const requests = items.map((item) => ({ request: rpcRequest.safeParse(item).data }));
    return { isBatch: Array.isArray(parsed), requests };
  } catch (error) {
    return { failure: broken(`unmarshaling request: ${(error as Error).message}`) };
  }
}

function broken(message: string): RpcAnswer {
  return { jsonrpc: '2.0', id: null, error: { code: -32700, message } };
}

function reply(response: ServerResponse, status: number, answer: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${writeJsonText(answer)}\n`);
}

function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? '/', 'http://node').pathname.replace(/\/$/, '');
}

/** Undefined when it is too large: it is read to its end all the same, so that the connection can go on. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length <= MAX_BODY_BYTES) parts.push(part);
  }
  return length <= MAX_BODY_BYTES ? Buffer.concat(parts).toString('utf8') : undefined;
}
