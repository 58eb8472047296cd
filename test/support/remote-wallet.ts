import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  decodeMessage,
  equalBytes,
  fromBase64,
  type Message,
  SIGNATURE_TYPE_NUMBER,
  signingBytes,
  toBase64,
} from '#codec';
import type { KeyStore } from '#wallet';

/** What the double is told to do wrong. */
export type WalletFault = 'none' | 'hang up' | 'stall' | 'stall signing' | 'sign other bytes';

interface Call {
  readonly method: string;
  readonly params: readonly unknown[];
}

/**
 * A wallet on a machine of its own, as `lotus-wallet` serves one: our key store behind Lotus' wallet API over HTTP,
 * with its three parameters of `WalletSign` and its check that the message shown is the one signed.
 */
export class RemoteWallet implements AsyncDisposable {
  readonly token = 'wallet-token-1';
  /** The messages that it was shown and signed. */
  readonly signed: Message[] = [];
  fault: WalletFault = 'none';
  readonly #keys: KeyStore;
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  #port = 0;

  private constructor(keys: KeyStore) {
    this.#keys = keys;
  }

  static async start(keys: KeyStore): Promise<RemoteWallet> {
    const wallet = new RemoteWallet(keys);
    await wallet.listen();
    return wallet;
  }

  /** Again at the same address, after {@link close}. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/rpc/v0`;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.fault === 'stall') return;
    if (this.fault === 'hang up') return void request.socket.destroy();
    if (request.url !== '/rpc/v0') return void response.writeHead(404).end();
    if (request.headers.authorization !== `Bearer ${this.token}`) return void response.writeHead(401).end();
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as Call & { id: number };
    const answer = (status: number, body: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
    if (this.fault === 'stall signing' && method === 'Filecoin.WalletSign') return;
    try {
      const wrong = wrongCall({ method, params });
      if (wrong) answer(500, { error: wrong });
      else answer(200, { result: await this.#answer({ method, params }) });
    } catch (error) {
      answer(200, { error: { code: 1, message: (error as Error).message } });
    }
  }

  async #answer({ method, params }: Call): Promise<unknown> {
    const address = String(params[0]);
    if (method === 'Filecoin.WalletList') return this.#keys.addresses();
    if (method === 'Filecoin.WalletHas') return this.#keys.has(address);
    const data = fromBase64(String(params[1])) ?? new Uint8Array();
    const meta = params[2] as { Type: string; Extra: string };
    if (meta.Type === 'message') {
      const shown = decodeMessage(fromBase64(meta.Extra) ?? new Uint8Array(), 't');
      if (!equalBytes(signingBytes(shown), data)) throw new Error('cid(meta.Extra).bytes() != toSign');
      this.signed.push(shown);
    }
    const bytes = this.fault === 'sign other bytes' ? new Uint8Array([1, 2, 3]) : data;
    const signature = await this.#keys.sign(address, bytes);
    return { Type: SIGNATURE_TYPE_NUMBER[signature.type], Data: toBase64(signature.data) };
  }
}

const PARAMETERS: Readonly<Record<string, number>> = {
  'Filecoin.WalletList': 0,
  'Filecoin.WalletHas': 1,
  'Filecoin.WalletSign': 3,
};

function wrongCall({ method, params }: Call): { code: number; message: string } | undefined {
  const expected = PARAMETERS[method];
  if (expected === undefined) return { code: -32601, message: `method '${method}' not found` };
  if (params.length === expected) return undefined;
  return { code: -32602, message: `wrong param count (method '${method}'): ${params.length} != ${expected}` };
}
