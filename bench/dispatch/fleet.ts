import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HostProcessOrder } from './host-process.ts';

const PROGRAM = fileURLToPath(new URL('./host-process.ts', import.meta.url));

/** Hosts in a few processes. */
export class Fleet {
  readonly #processes: readonly ChildProcess[];

  private constructor(processes: readonly ChildProcess[]) {
    this.#processes = processes;
  }

  static async start(
    names: readonly string[],
    processes: number,
    options: Omit<HostProcessOrder, 'names'>,
    profileDir?: string,
  ): Promise<Fleet> {
    const profiling = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];
    const fleet = new Fleet(
      Array.from({ length: processes }, () =>
        fork(PROGRAM, { execArgv: [...process.execArgv, ...profiling] }),
      ),
    );
    await Promise.all(
      fleet.#processes.map(async (child, index) => {
        const order: HostProcessOrder = {
          ...options,
          names: names.filter((_, i) => i % processes === index),
        };
        child.send(order);
        await said(child, 'ready');
      }),
    );
    return fleet;
  }

  get pids(): readonly number[] {
    return this.#processes.flatMap((child) => child.pid ?? []);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#processes.map(async (child) => {
        if (child.exitCode !== null) return;
        const ended = once(child, 'exit');
        child.send('stop');
        const late = setTimeout(() => child.kill('SIGKILL'), 60_000);
        await ended;
        clearTimeout(late);
      }),
    );
  }
}

async function said(child: ChildProcess, word: string): Promise<void> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of hosts ended with ${code}`);
  });
  const heard = new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (message === word) resolve();
    });
  });
  await Promise.race([heard, ended]);
}
