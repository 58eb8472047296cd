import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { identityOf, LineReader, MAX_LINE, PROTOCOL_VERSION } from '#sealer';
import { PlayedError } from './played-error.ts';
import { PLAYED_QUERIES } from './played-ops.ts';
import type { ReplayMachine } from './replay-machine.ts';
import { type EndedRun, errorOf, type ReplayRuns } from './replay-runs.ts';

const requestLine = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/),
  op: z.string(),
  epoch: z.number().int().nonnegative().default(0),
  require_gpu: z.boolean().default(false),
  params: z.unknown(),
});
type Request = z.infer<typeof requestLine>;

const runId = z.object({ id: z.string() });

export interface ReplayServerOptions {
  readonly socket: string;
  /** It ends by itself after so many seconds without run and connection; undefined: never. */
  readonly idleExitS: number | undefined;
  /** It ends when a run has been forgotten and nothing else runs. */
  readonly exitWhenForgotten: boolean;
  readonly log: (line: string) => void;
  readonly onEnd: () => void;
}

/**
 * The stand-in behind the sealer's own protocol, on a unix socket. It names itself in its greeting: `program` is
 * `beepro-replay-sealer`, and `stand_in` is `replay`.
 */
export class ReplayServer {
  readonly hello: Readonly<Record<string, unknown>>;
  readonly #machine: ReplayMachine;
  readonly #runs: ReplayRuns;
  readonly #options: ReplayServerOptions;
  readonly #connections = new Set<Socket>();
  #server: Server | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(machine: ReplayMachine, runs: ReplayRuns, options: ReplayServerOptions) {
    this.#machine = machine;
    this.#runs = runs;
    this.#options = options;
    const own = identityOf(process.pid);
    this.hello = {
      protocol: PROTOCOL_VERSION,
      program: 'beepro-replay-sealer',
      stand_in: 'replay',
      version: '0.1.0',
      pid: process.pid,
      start_time: own?.startTime ?? 0,
      boot_id: own?.bootId ?? '',
      instance: randomBytes(8).toString('hex'),
    };
  }

  /** @throws Error with the code `in_use` when a live server has the socket */
  async listen(): Promise<void> {
    const { socket } = this.#options;
    if (existsSync(socket)) {
      if (await answers(socket)) throw Object.assign(new Error(`${socket} is in use`), { code: 'in_use' });
      rmSync(socket, { force: true });
    }
    this.#server = createServer((connection) => this.#serve(connection));
    this.#server.listen(socket);
    await once(this.#server, 'listening');
    chmodSync(socket, 0o600);
    this.#watchIdleness();
  }

  #serve(connection: Socket): void {
    this.#connections.add(connection);
    clearTimeout(this.#idleTimer);
    connection.on('error', () => undefined);
    connection.on('close', () => {
      this.#connections.delete(connection);
      this.#watchIdleness();
    });
    const send = (line: object) => {
      if (connection.writable) connection.write(`${JSON.stringify(line)}\n`);
    };
    const reader = new LineReader(MAX_LINE, (line) => void this.#answer(line, send));
    connection.on('data', (chunk) => {
      if (!reader.push(chunk)) connection.destroy();
    });
    send({ event: 'hello', ...this.hello });
  }

  async #answer(line: string, send: (line: object) => void): Promise<void> {
    const request = requestLine.safeParse(parse(line));
    if (!request.success) {
      const message = z.prettifyError(request.error);
      send({ id: null, event: 'error', error: { code: 'bad_request', message }, replayed: false });
      return;
    }
    const { id, op } = request.data;
    try {
      const result = await this.#control(request.data, send);
      if (result) send({ id, event: 'result', op, result, replayed: false, warnings: [] });
    } catch (error) {
      send({ id, event: 'error', op, error: errorOf(error), replayed: false });
    }
    this.#watchIdleness();
  }

  /** The answer of a control op or a query; a run answers by itself. */
  async #control(request: Request, send: (line: object) => void): Promise<object | undefined> {
    const { id, op, epoch } = request;
    switch (op) {
      case 'version':
        return { ...this.hello, proofs_version: 'none', features: ['replay'] };
      case 'capabilities':
        return { ...this.hello, ...this.#machine.capabilities() };
      case 'params':
        return { directory: '', files: [] };
      case 'list':
        return { runs: await this.#runs.list(), epoch: this.#runs.epoch };
      case 'attach': {
        await this.#runs.checkEpoch(epoch);
        const run = runId.parse(request.params).id;
        await this.#follow(run, send, (onAccepted, onProgress) =>
          this.#runs.attach(run, onAccepted, onProgress),
        );
        return undefined;
      }
      case 'forget': {
        await this.#runs.checkEpoch(epoch);
        const forgotten = await this.#runs.forget(runId.parse(request.params).id);
        if (this.#options.exitWhenForgotten && this.#runs.running === 0) setImmediate(() => this.#end());
        return { forgotten };
      }
      case 'shutdown':
        await this.#runs.checkEpoch(epoch);
        this.#stop(z.object({ when: z.string().optional() }).parse(request.params).when === 'now');
        return { stopping: true };
      default:
        if (PLAYED_QUERIES.has(op)) {
          return this.#machine.run(op, id, request.params, new AbortController().signal);
        }
        if (this.#stopping) throw new PlayedError('shutting_down', 'no new runs');
        await this.#runs.checkEpoch(epoch);
        await this.#follow(id, send, (onAccepted, onProgress) =>
          this.#runs.run({ id, op, params: request.params }, onAccepted, onProgress),
        );
        return undefined;
    }
  }

  async #follow(
    id: string,
    send: (line: object) => void,
    start: (
      onAccepted: (startedAt: number) => void,
      onProgress: (progress: object) => void,
    ) => Promise<EndedRun>,
  ): Promise<void> {
    const { request, end, replayed } = await start(
      (startedAt) => send({ id, event: 'accepted', op: 'run', started_at: startedAt }),
      (progress) => send({ id, event: 'progress', ...progress }),
    );
    const { op, started_at } = request;
    const event = 'result' in end ? 'result' : 'error';
    send({ id, event, op, ...end, started_at, replayed, warnings: [] });
    this.#options.log(
      `${id} ${op} ${event}${replayed ? ' again' : ''} after ${end.elapsed_ms} ms (stand-in)`,
    );
    if (this.#stopping && this.#runs.running === 0) setImmediate(() => this.#end());
  }

  #stop(now: boolean): void {
    this.#stopping = true;
    if (now || this.#runs.running === 0) setImmediate(() => this.#end());
  }

  #watchIdleness(): void {
    clearTimeout(this.#idleTimer);
    const { idleExitS } = this.#options;
    if (idleExitS === undefined || this.#connections.size > 0 || this.#runs.running > 0) return;
    this.#idleTimer = setTimeout(() => this.#end(), idleExitS * 1_000);
  }

  #end(): void {
    this.#server?.close();
    for (const connection of this.#connections) connection.end();
    this.#options.onEnd();
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    const finish = (alive: boolean) => {
      probe.destroy();
      resolve(alive);
    };
    probe.once('connect', () => finish(true));
    probe.once('error', () => finish(false));
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // the schema refuses it
  }
}
