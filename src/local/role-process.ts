import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { BeeproError } from '#core';
import { PRODUCTION_ENV, programCommand } from './program-command.ts';

/** What a role's process is started with. */
export interface RoleCommand {
  /** For people: `sealing`, `worker host-a`. */
  readonly name: string;
  /** Arguments of `beepro`. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Start it again, with `env` and without `onceEnv`, when it ends by itself, as pm2 would. */
  readonly restart: boolean;
  /** From the production build, whatever this process runs from. */
  readonly production?: boolean;
}

/** Pause before a role that ended is started again, in ms: doubled each time, up to the last. */
const RESTART_PAUSE_MS = [200, 400, 800, 1600, 3200] as const;
/** A role that has run this long starts from the first pause again, in ms. */
const STEADY_MS = 10_000;

/**
 * One role as a child process whose output goes to a log file, started again when it dies. It says when it is ready
 * by a message (`process.send('ready')`), as it does for pm2.
 */
export class RoleProcess {
  readonly name: string;
  readonly logFile: string;
  readonly #command: RoleCommand;
  #child: ChildProcess | undefined;
  #stopping = false;
  #failures = 0;
  #restarts = 0;
  #timer: NodeJS.Timeout | undefined;
  #ready: Promise<void>;
  readonly #deaths: ((how: string) => void)[] = [];

  constructor(command: RoleCommand, onceEnv: NodeJS.ProcessEnv = {}) {
    this.name = command.name;
    this.logFile = command.logFile;
    this.#command = command;
    mkdirSync(dirname(command.logFile), { recursive: true });
    this.#ready = this.#spawn(onceEnv);
    // Whoever needs the role asks `ready()`; a failure that nobody asked about is in its log.
    this.#ready.catch(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Waits until the role says it is ready. @throws BeeproError `LOCAL_ROLE_FAILED` */
  async ready(deadlineMs = 60_000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#failure(`it was not ready after ${deadlineMs} ms`)), deadlineMs);
    });
    await Promise.race([this.#ready, late]).finally(() => clearTimeout(timer));
  }

  /** Settles at the next death of the process, with how it died. */
  nextDeath(): Promise<string> {
    return new Promise((resolve) => {
      this.#deaths.push(resolve);
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Lets this process end while the role goes on; it is not started again then. */
  detach(): void {
    this.#stopping = true;
    this.#child?.disconnect();
    this.#child?.unref();
  }

  /** SIGTERM, then SIGKILL after the limit; not started again. */
  async stop(limitMs = 25_000): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const died = this.nextDeath();
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
    await died;
    clearTimeout(timer);
  }

  #spawn(onceEnv: NodeJS.ProcessEnv): Promise<void> {
    const { file, args } = programCommand(this.#command.args, this.#command.production);
    const log = openSync(this.#command.logFile, 'a');
    const child = spawn(file, args, {
      env: { ...this.#command.env, ...(this.#command.production ? PRODUCTION_ENV : {}), ...onceEnv },
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    this.#child = child;
    const startedAt = performance.now();
    return new Promise((resolve, reject) => {
      child.on('message', (message) => {
        if (message === 'ready') resolve();
      });
      child.once('error', (error) => reject(this.#failure(error.message)));
      child.once('exit', (code, signal) => {
        const how = signal ?? `exit code ${code}`;
        for (const tell of this.#deaths.splice(0)) tell(how);
        if (this.#stopping || !this.#command.restart) {
          reject(this.#failure(`it ended with ${how}`));
          return;
        }
        this.#failures = performance.now() - startedAt > STEADY_MS ? 0 : this.#failures + 1;
        const pause = RESTART_PAUSE_MS[Math.min(this.#failures, RESTART_PAUSE_MS.length - 1)] ?? 0;
        this.#timer = setTimeout(() => {
          this.#restarts += 1;
          this.#ready = this.#spawn({});
          this.#ready.then(resolve, reject);
        }, pause);
      });
    });
  }

  #failure(detail: string): BeeproError {
    return new BeeproError('LOCAL_ROLE_FAILED', { role: this.name, detail, log: this.logFile });
  }
}
