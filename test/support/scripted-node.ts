import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface ScriptedRequest {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly authorization: string | undefined;
}

/**
 * An HTTP and WebSocket server that answers as a test tells it: for what a node does wrong (stalls, rubbish, lost
 * connections), which a real one cannot be told to do. It is no chain.
 */
export class ScriptedNode implements AsyncDisposable {
  readonly requests: ScriptedRequest[] = [];
  readonly sockets: WebSocket[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #webSockets = new WebSocketServer({ noServer: true });
  /** Answers an HTTP call. */
  onRequest: (request: ScriptedRequest, response: ServerResponse) => void = (_request, response) =>
    void response.end();
  /** Serves a WebSocket connection. */
  onSocket: (socket: WebSocket) => void = () => undefined;

  private constructor() {
    this.#server.on('upgrade', (request, socket, head) => {
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.sockets.push(webSocket);
        this.onSocket(webSocket);
      });
    });
  }

  static async start(): Promise<ScriptedNode> {
    const node = new ScriptedNode();
    node.#server.listen(0, '127.0.0.1');
    await once(node.#server, 'listening');
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rpc/v1`;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
      method: string;
      params: unknown[];
    };
    const scripted = { method, params, authorization: request.headers.authorization };
    this.requests.push(scripted);
    this.onRequest(scripted, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.terminate();
    this.#webSockets.close();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
