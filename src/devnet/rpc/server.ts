import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { parseJsonText, writeJsonText } from '#chain';
import { BeeproError } from '#core';
import type { Chain } from '../chain/chain.ts';
import { ANONYMOUS, type Permission, type TokenAuthority } from './auth.ts';
import { type Dispatcher, httpStatusOf, rpcRequest } from './dispatcher.ts';
import { WebSocketSession } from './websocket-session.ts';

const PATH = '/rpc/v1';
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Lotus' API over HTTP and WebSocket, on one path and port. */
export class RpcServer {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY_BYTES });
  readonly #dispatcher: Dispatcher;
  readonly #tokens: TokenAuthority;
  readonly #chain: Chain;

  constructor(dispatcher: Dispatcher, tokens: TokenAuthority, chain: Chain) {
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

  /** Where it listens. @throws BeeproError `DEVNET_LISTEN_FAILED` */
  listen({ host, port }: ListenAddress): Promise<ListenAddress> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) =>
        reject(
          new BeeproError(
            'DEVNET_LISTEN_FAILED',
            { address: `${host}:${port}`, detail: cause.message },
            { cause },
          ),
        ),
      );
      this.#server.listen(port, host, () =>
        resolve({ host, port: (this.#server.address() as AddressInfo).port }),
      );
    });
  }

  async close(): Promise<void> {
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
    const { status, answer } = await this.#answerText(body, allowed, abort.signal);
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${writeJsonText(answer)}\n`);
  }

  async #answerText(text: string, allowed: readonly Permission[], signal: AbortSignal) {
    const broken = (message: string) => ({
      status: 500,
      answer: { jsonrpc: '2.0', id: null, error: { code: -32700, message } },
    });
    let parsed: unknown;
    try {
      parsed = parseJsonText(text);
    } catch (error) {
      return broken(`unmarshaling request: ${(error as Error).message}`);
    }
    if (Array.isArray(parsed)) {
      const answers = parsed.map((item) => {
        const request = rpcRequest.safeParse(item);
        return request.success
          ? this.#dispatcher.answer(request.data, allowed, signal)
          : broken('invalid request').answer;
      });
      return { status: 200, answer: await Promise.all(answers) };
    }
    const request = rpcRequest.safeParse(parsed);
    if (!request.success) return broken('unmarshaling request: not a JSON-RPC request');
    const answer = await this.#dispatcher.answer(request.data, allowed, signal);
    return { status: httpStatusOf(answer), answer };
  }
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
