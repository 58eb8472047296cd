import { createConnection, type Socket } from 'node:net';
import { z } from 'zod';
import { BeeproError } from '#core';
import { LineReader } from './line-reader.ts';
import { OP_RESULTS, type OpName, type OpParams, type OpResult } from './ops.ts';
import { sealerError } from './sealer-error.ts';
import {
  type AnswerLine,
  answerLine,
  type Hello,
  helloLine,
  MAX_LINE,
  PROTOCOL_VERSION,
  type Progress,
} from './wire.ts';

export interface RequestOptions {
  /**
   * Names a run for ever: the same id with the same parameters joins the running one or gets its stored end.
   * Control ops and queries need none.
   */
  readonly id?: string;
  /** The host epoch: the fencing number of the agent's lease. */
  readonly epoch?: number;
  readonly requireGpu?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  /** The sealer sends a sign of life every 5 s; after this silence it is asked, in ms. Default 60,000. */
  readonly quietMs?: number;
  /** How long it may take to answer that question, in ms. Default 30,000. */
  readonly pingMs?: number;
}

/** The end of a request that succeeded. */
export interface Answer<O extends OpName> {
  readonly result: OpResult<O>;
  readonly elapsedMs: number | undefined;
  /** It comes from the sealer's journal: the computation ended earlier. */
  readonly replayed: boolean;
  readonly warnings: readonly string[];
}

interface Pending {
  readonly op: OpName;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly resolve: (answer: Answer<OpName>) => void;
  readonly reject: (error: BeeproError) => void;
  lastHeard: number;
}

/** What a run needs of its sealer. */
export interface SealerConnection {
  readonly hello: Hello;
  request<O extends OpName>(op: O, params: OpParams[O], options?: RequestOptions): Promise<Answer<O>>;
}

/**
 * One connection to one sealer process. Any number of requests may be in flight. Closing it stops nothing there.
 */
export class SealerClient implements SealerConnection {
  readonly socketPath: string;
  readonly hello: Hello;
  readonly #socket: Socket;
  readonly #pending = new Map<string, Pending>();
  #serial = 0;
  #failure: BeeproError | undefined;

  private constructor(socketPath: string, socket: Socket, hello: Hello) {
    this.socketPath = socketPath;
    this.#socket = socket;
    this.hello = hello;
  }

  /** @throws BeeproError `SEALER_UNREACHABLE`, `SEALER_PROTOCOL`, `SEALER_GARBAGE` */
  static connect(socketPath: string, timeoutMs = 5_000): Promise<SealerClient> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(socketPath);
      let client: SealerClient | undefined;
      const refuse = (error: BeeproError) => {
        clearTimeout(timer);
        socket.destroy();
        reject(error);
      };
      const unreachable = (detail: string) =>
        new BeeproError('SEALER_UNREACHABLE', { socket: socketPath, detail });
      const timer = setTimeout(() => refuse(unreachable(`no greeting within ${timeoutMs} ms`)), timeoutMs);
      const reader = new LineReader(MAX_LINE, (line) => {
        if (client) {
          client.#read(line);
          return;
        }
        const hello = helloLine.safeParse(parseJson(line));
        if (!hello.success) {
          refuse(garbage(line));
        } else if (hello.data.protocol !== PROTOCOL_VERSION) {
          const detail = `it speaks version ${hello.data.protocol}, this agent ${PROTOCOL_VERSION}`;
          refuse(new BeeproError('SEALER_PROTOCOL', { detail }));
        } else {
          clearTimeout(timer);
          client = new SealerClient(socketPath, socket, hello.data);
          resolve(client);
        }
      });
      socket.on('data', (chunk) => {
        if (reader.push(chunk)) return;
        const error = garbage('a line of more than 16 MiB');
        if (client) client.#fail(error);
        else refuse(error);
      });
      socket.on('error', (error) => {
        if (client) client.#fail(unreachable(error.message));
        else refuse(unreachable(error.message));
      });
      socket.on('close', () => {
        if (client) client.#fail(unreachable('it closed the connection'));
        else refuse(unreachable('it closed the connection'));
      });
    });
  }

  /** False once the connection is gone or has carried rubbish. */
  get usable(): boolean {
    return this.#failure === undefined;
  }

  /**
   * Sends a request and waits for its end, however long: time limits are the caller's.
   * @throws BeeproError `SEALER_…`: the sealer's own codes, `SEALER_DIED` when the connection ended,
   * `SEALER_HUNG`, `SEALER_GARBAGE`
   */
  async request<O extends OpName>(
    op: O,
    params: OpParams[O],
    options: RequestOptions = {},
  ): Promise<Answer<O>> {
    if (this.#failure) throw this.#failure;
    this.#serial += 1;
    const id = options.id ?? `q${process.pid}-${this.#serial}`;
    const line = JSON.stringify({
      id,
      op,
      epoch: options.epoch ?? 0,
      ...(options.requireGpu ? { require_gpu: true } : {}),
      params,
    });
    const { promise, resolve, reject } = Promise.withResolvers<Answer<OpName>>();
    const pending: Pending = {
      op,
      onProgress: options.onProgress,
      resolve,
      reject,
      lastHeard: performance.now(),
    };
    this.#pending.set(id, pending);
    const watch = this.#watch(pending, options.quietMs ?? 60_000, options.pingMs ?? 30_000);
    this.#socket.write(`${line}\n`);
    try {
      return (await promise) as Answer<O>;
    } finally {
      clearInterval(watch);
      this.#pending.delete(id);
    }
  }

  close(): void {
    this.#fail(
      new BeeproError('SEALER_UNREACHABLE', { socket: this.socketPath, detail: 'connection closed' }),
    );
    this.#socket.destroy();
  }

  #watch(pending: Pending, quietMs: number, pingMs: number): NodeJS.Timeout {
    let asking = false;
    const look = async () => {
      if (asking || performance.now() - pending.lastHeard < quietMs) return;
      asking = true;
      const deadline = AbortSignal.timeout(pingMs);
      const late = new Promise<never>((_, reject) =>
        deadline.addEventListener('abort', () => reject(new Error('late'))),
      );
      try {
        await Promise.race([this.request('version', {}, { quietMs: Infinity }), late]);
        pending.lastHeard = performance.now();
      } catch {
        pending.reject(new BeeproError('SEALER_HUNG', { ms: quietMs + pingMs, op: pending.op }));
      } finally {
        asking = false;
      }
    };
    return setInterval(() => void look(), Math.min(Math.max(quietMs / 4, 50), 5_000)).unref();
  }

  #read(text: string): void {
    const line = answerLine.safeParse(parseJson(text));
    if (!line.success) {
      this.#fail(garbage(text));
    } else if (line.data.id === null) {
      const detail = line.data.event === 'error' ? line.data.error.message : '';
      this.#fail(new BeeproError('SEALER_BAD_REQUEST', { op: 'a request', detail }));
    } else {
      const pending = this.#pending.get(line.data.id);
      // Nobody waits for this run any more: its end stays in the sealer's journal.
      if (pending) this.#deliver(pending, line.data.id, line.data);
    }
  }

  #deliver(pending: Pending, id: string, answer: AnswerLine): void {
    pending.lastHeard = performance.now();
    switch (answer.event) {
      case 'accepted':
        break;
      case 'progress': {
        const { id: _id, event: _event, ...progress } = answer;
        pending.onProgress?.(progress);
        break;
      }
      case 'error':
        pending.reject(sealerError(pending.op, id, answer.error));
        break;
      case 'result': {
        const { elapsed_ms: elapsedMs, replayed, warnings } = answer;
        const result = OP_RESULTS[pending.op].safeParse(answer.result);
        if (result.success) {
          pending.resolve({ result: result.data, elapsedMs, replayed, warnings });
        } else {
          const detail = `${pending.op}: ${z.prettifyError(result.error)}`;
          pending.reject(new BeeproError('SEALER_GARBAGE', { detail }));
        }
      }
    }
  }

  /** The connection cannot be trusted any more: everything in flight ends. */
  #fail(error: BeeproError): void {
    if (this.#failure) return;
    this.#failure = error;
    this.#socket.destroy();
    for (const pending of this.#pending.values()) {
      const died = error.code === 'SEALER_UNREACHABLE';
      pending.reject(
        died ? new BeeproError('SEALER_DIED', { op: pending.op, detail: String(error.data.detail) }) : error,
      );
    }
    this.#pending.clear();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

function garbage(text: string): BeeproError {
  return new BeeproError('SEALER_GARBAGE', { detail: JSON.stringify(text.slice(0, 200)) });
}
