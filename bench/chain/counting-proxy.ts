import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** Stands between an installation and its node, and counts the calls by method. */
export class CountingProxy implements AsyncDisposable {
  readonly counts = new Map<string, number>();
  /** Host and port that calls go on to. */
  target = '';
  readonly #server = createServer((from, to) => this.#forward(from, to));
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (from, socket, head) => this.#upgrade(from, socket as Socket, head));
  }

  static async start(): Promise<CountingProxy> {
    const proxy = new CountingProxy();
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/rpc/v1`;
  }

  #forward(from: IncomingMessage, to: ServerResponse): void {
    const chunks: Buffer[] = [];
    from.on('data', (chunk: Buffer) => chunks.push(chunk));
    from.on('end', () => {
      const body = Buffer.concat(chunks);
      const method = /"method":\s*"Filecoin\.(\w+)"/.exec(body.subarray(0, 200).toString())?.[1] ?? 'other';
      this.counts.set(method, (this.counts.get(method) ?? 0) + 1);
      const options = { method: from.method, headers: from.headers };
      const onward = request(`http://${this.target}${from.url}`, options, (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      });
      onward.on('error', () => to.destroy());
      onward.end(body);
    });
  }

  /** A subscription: bytes in both directions, as they come. */
  #upgrade(from: IncomingMessage, socket: Socket, head: Buffer): void {
    const [host = '', port = ''] = this.target.split(':');
    const onward = connect(Number(port), host, () => {
      const lines = [`${from.method} ${from.url} HTTP/1.1`];
      for (let i = 0; i < from.rawHeaders.length; i += 2)
        lines.push(`${from.rawHeaders[i]}: ${from.rawHeaders[i + 1]}`);
      onward.write(`${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
