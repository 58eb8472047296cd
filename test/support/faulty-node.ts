import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

/**
 * What the node does wrong:
 * - `stall`: accepts and never answers
 * - `refuse`: closes every connection
 * - `die-after`: does what it is asked and closes the connection before it answers
 * - `bad-gateway`: answers 502 with no JSON
 */
export type Fault = 'none' | 'stall' | 'refuse' | 'die-after' | 'bad-gateway';

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}
interface TipSetJson {
  readonly Cids: readonly { readonly '/': string }[];
  readonly Height: number;
}

const FILECOIN = 'Filecoin.';

/** A real node behind a connection that can be told to go wrong, live. */
export class FaultyNode implements AsyncDisposable {
  readonly #upstream: string;
  readonly #server = createServer((request, response) => {
    // Also when the real node is gone, or who asked.
    this.#serve(request, response).catch(() => request.socket.destroy());
  });
  readonly #webSockets = new WebSocketServer({ noServer: true });
  readonly #pairs = new Set<WebSocket>();
  /** Every call that arrived, with what came of it: the call was passed on, or not. */
  readonly calls: { readonly method: string; readonly params: readonly unknown[]; passed: boolean }[] = [];
  fault: Fault = 'none';
  /** Connections that were refused. */
  refused = 0;
  /** Only these methods go wrong; undefined: all. */
  only: ReadonlySet<string> | undefined;
  /** Epochs by which it is behind: heads are older, and newer tipsets are not there. */
  lag = 0;
  /** Answers of its own, by method. */
  lies: Readonly<Record<string, unknown>> = {};
  /** Methods it does not have. */
  unknown: ReadonlySet<string> = new Set();
  /** ms before each answer. */
  delayMs = 0;

  private constructor(upstream: string) {
    this.#upstream = upstream;
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.fault === 'refuse') return void socket.destroy();
      this.#webSockets.handleUpgrade(request, socket, head, (opened) => this.#join(opened, request));
    });
  }

  static async start(upstream: string): Promise<FaultyNode> {
    const node = new FaultyNode(upstream);
    node.#server.listen(0, '127.0.0.1');
    await once(node.#server, 'listening');
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rpc/v1`;
  }

  /** Host and port, as the client names it. */
  get name(): string {
    return new URL(this.url).host;
  }

  /** How often a method was asked, without the looks at its health when it is another than they use. */
  count(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  /** Cuts what is open now; new connections go by the fault. */
  cut(): void {
    for (const socket of this.#pairs) socket.terminate();
    this.#server.closeAllConnections();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#webSockets.close();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.fault === 'refuse') {
      this.refused += 1;
      return void request.socket.destroy();
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const call = JSON.parse(Buffer.concat(chunks).toString()) as Call;
    const answer = await this.#answer(call, request.headers.authorization);
    if (answer === 'never') return;
    if (answer === 'dead') return void request.socket.destroy();
    if (answer === 'rubbish') return void response.writeHead(502).end('bad gateway');
    response
      .writeHead(answer.status, { 'content-type': 'application/json' })
      .end(JSON.stringify({ jsonrpc: '2.0', id: call.id, ...answer.body }));
  }

  async #answer(call: Call, authorization: string | undefined) {
    const method = call.method.replace(FILECOIN, '');
    const entry = { method, params: call.params, passed: false };
    this.calls.push(entry);
    const fault = !this.only || this.only.has(method) ? this.fault : 'none';
    if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
    if (fault === 'stall') return 'never';
    if (fault === 'bad-gateway') return 'rubbish';
    if (this.unknown.has(method))
      return { status: 500, body: { error: { code: -32601, message: `method '${call.method}' not found` } } };
    entry.passed = true;
    const passed = await this.#askUpstream(method, call.params, authorization);
    if (fault === 'die-after') return 'dead';
    if (Object.hasOwn(this.lies, method)) return { status: 200, body: { result: this.lies[method] } };
    return this.lag > 0 ? await this.#lagging(method, call, passed, authorization) : passed;
  }

  /** What a node says whose chain ends so many epochs earlier. */
  async #lagging(
    method: string,
    call: Call,
    passed: Awaited<ReturnType<FaultyNode['ask']>>,
    authorization?: string,
  ) {
    const head = async (): Promise<TipSetJson> => {
      const { body } = await this.#askUpstream('ChainHead', [], authorization);
      const top = body.result as TipSetJson;
      const height = Math.max(0, top.Height - this.lag);
      const old = await this.#askUpstream('ChainGetTipSetByHeight', [height, top.Cids], authorization);
      return old.body.result as TipSetJson;
    };
    if (method === 'ChainHead') return { status: 200, body: { result: await head() } };
    const key = call.params.find((param) => Array.isArray(param)) as TipSetJson['Cids'] | undefined;
    if (!key?.[0]?.['/']) return passed;
    const asked = await this.#askUpstream('ChainGetTipSet', [key], authorization);
    const found = asked.body.result as TipSetJson | undefined;
    if (!found || found.Height <= (await head()).Height) return passed;
    const message = `loading tipset: get block ${key[0]['/']}: ipld: could not find ${key[0]['/']}`;
    return { status: 200, body: { error: { code: 1, message } } };
  }

  /** A call to the real node. */
  ask(method: string, params: readonly unknown[], authorization?: string) {
    return this.#askUpstream(method, params, authorization);
  }

  async #askUpstream(method: string, params: readonly unknown[], authorization?: string) {
    const response = await fetch(this.#upstream, {
      method: 'POST',
      headers: authorization ? { authorization } : {},
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: `${FILECOIN}${method}`, params }),
    });
    const { result, error } = (await response.json()) as { result?: unknown; error?: unknown };
    const body: { result?: unknown; error?: unknown } = error ? { error } : { result };
    return { status: response.status, body };
  }

  /** A WebSocket to the real node, with the same faults for each frame. */
  #join(down: WebSocket, request: IncomingMessage): void {
    const { authorization } = request.headers;
    const up = new WebSocket(this.#upstream.replace('http', 'ws'), {
      headers: authorization ? { authorization } : {},
    });
    this.#pairs.add(down);
    const waiting: string[] = [];
    const end = () => {
      this.#pairs.delete(down);
      down.terminate();
      up.terminate();
    };
    up.on('open', () => {
      for (const text of waiting.splice(0)) up.send(text);
    });
    up.on('message', (data) => {
      if (this.fault === 'die-after') end();
      else if (this.fault !== 'stall') down.send(String(data));
    });
    down.on('message', (data) => {
      const { method = '', params = [] } = JSON.parse(String(data)) as Partial<Call>;
      this.calls.push({ method: method.replace(FILECOIN, ''), params, passed: this.fault !== 'stall' });
      if (this.fault === 'stall') return;
      if (up.readyState === WebSocket.OPEN) up.send(String(data));
      else waiting.push(String(data));
    });
    for (const socket of [up, down]) {
      socket.on('close', end);
      socket.on('error', end);
    }
  }
}
