import { once } from 'node:events';
import { open, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { BeeproError } from '#core';
import type { Logger } from '#log';
import { hashFile } from '#storage';
import {
  C1_PATH,
  type C1Answer,
  type C1Request,
  CHALLENGE_PATH,
  Challenges,
  decodeRequest,
  encodeAnswer,
  HEADERS,
  isSigned,
  MIN_SECRET,
  sign,
} from './protocol.ts';

/** The file that a claim's request is about, as MySQL and this host have it. */
export interface ServedFile {
  readonly path: string;
  readonly sha256: string;
}

export interface C1ServerOptions {
  /** This worker's name: requests for another are refused. */
  readonly worker: string;
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** What others reach it by; undefined: as it listens. */
  readonly advertise?: { readonly host: string; readonly port?: number | undefined } | undefined;
  /** What the fleet's workers share. */
  readonly secret: string;
  /** What this claim may have; undefined: nothing, the run is not its (any more) or not of this host. */
  readonly fileOf: (request: C1Request) => Promise<ServedFile | undefined>;
  readonly log: Logger;
}

/** Streams at a time: a host's disk and network are there for sealing first. */
const MOST_STREAMS = 8;
/** A peer that takes nothing for so long is let go, in ms. */
const IDLE_MS = 30_000;

/** Serves C1's output of this host's sectors to the workers that compute their C2, and nothing else. */
export class C1Server {
  readonly address: string;
  readonly #options: C1ServerOptions;
  readonly #server: Server;
  readonly #challenges = new Challenges();
  #streams = 0;

  private constructor(options: C1ServerOptions, server: Server) {
    this.#options = options;
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    const { host, port: at = port } = options.advertise ?? options;
    this.address = `http://${host.includes(':') ? `[${host}]` : host}:${at || port}`;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** @throws BeeproError `WORKER_SECRET_INVALID`, `WORKER_LISTEN_FAILED` */
  static async start(options: C1ServerOptions): Promise<C1Server> {
    if (options.secret.length < MIN_SECRET)
      throw new BeeproError('WORKER_SECRET_INVALID', { min: MIN_SECRET });
    const server = createServer({
      maxHeaderSize: 8_192,
      headersTimeout: 10_000,
      requestTimeout: 10_000,
      keepAliveTimeout: 1_000,
    });
    server.timeout = IDLE_MS;
    server.maxConnections = 256;
    try {
      server.listen(options.port, options.host);
      await once(server, 'listening');
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new BeeproError('WORKER_LISTEN_FAILED', { address: `${options.host}:${options.port}`, detail });
    }
    server.on('error', (error) => options.log.warn({ err: error }, 'C1 server'));
    // Nothing waits for it when the process ends.
    server.unref();
    return new C1Server(options, server);
  }

  /** Ends it, with the streams that are under way: their peers try again. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // Requests carry no body; one that does is not waited for.
      request.resume();
      if (request.method === 'GET' && request.url === CHALLENGE_PATH) {
        response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
        response.end(this.#challenges.issue());
      } else if (request.method === 'GET' && request.url === C1_PATH) {
        await this.#answer(request, response);
      } else {
        response.writeHead(404).end();
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'C1 request failed');
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const header = (name: string): string => String(request.headers[name] ?? '');
    const [challenge, text] = [header(HEADERS.challenge), header(HEADERS.request)];
    const { secret, worker, log } = this.#options;
    const known =
      this.#challenges.isOpen(challenge) &&
      isSigned(secret, 'request', challenge, text, header(HEADERS.signature));
    if (!known) {
      log.warn({ peer: request.socket.remoteAddress }, 'C1 request without a valid signature');
      response.writeHead(401).end();
      return;
    }
    this.#challenges.use(challenge);
    const asked = decodeRequest(text);
    const reply = (answer: C1Answer, length = 0): void => {
      const body = encodeAnswer(answer);
      response.writeHead(answer.status === 'ok' ? 200 : 409, {
        [HEADERS.answer]: body,
        [HEADERS.answerSignature]: sign(secret, 'answer', challenge, body),
        'content-type': 'application/octet-stream',
        'content-length': length,
      });
    };
    const refuse = (status: C1Answer['status']): void => {
      reply({ status });
      response.end();
    };
    const file = asked?.source === worker ? await this.#options.fileOf(asked) : undefined;
    if (!asked || !file) return refuse('refused');
    if (this.#streams >= MOST_STREAMS) return refuse('busy');
    this.#streams += 1;
    try {
      await this.#stream(asked, file, response, reply, refuse);
    } finally {
      this.#streams -= 1;
    }
  }

  async #stream(
    asked: C1Request,
    file: ServedFile,
    response: ServerResponse,
    reply: (answer: C1Answer, length: number) => void,
    refuse: (status: C1Answer['status']) => void,
  ): Promise<void> {
    const found = await stat(file.path).catch(() => undefined);
    if (!found?.isFile()) return refuse('missing');
    // What is damaged here is better made again than sent.
    const { size, sha256 } = await hashFile(file.path);
    if (sha256 !== file.sha256) return refuse('damaged');
    const offset = Math.min(asked.offset, size);
    reply({ status: 'ok', size }, size - offset);
    const { log } = this.#options;
    const { source: _source, ...claim } = asked;
    log.info({ ...claim, bytes: size - offset }, 'C1’s output is sent');
    const source = await open(file.path, 'r');
    try {
      response.flushHeaders();
      await pipeline(source.createReadStream({ start: offset, autoClose: false }), response);
    } catch (error) {
      log.warn({ ...claim, err: error }, 'C1’s output was not taken whole');
    } finally {
      await source.close();
    }
  }
}
