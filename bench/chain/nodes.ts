import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { NodeOrder, NodeWord } from './node-process.ts';

const PROGRAM = fileURLToPath(new URL('./node-process.ts', import.meta.url));

/**
 * Nodes of a made-up chain in a process of their own, so that their work is not this one's; it fills the database
 * first, so that what that leaves in memory is not this one's either.
 */
export class Nodes {
  readonly #child: ChildProcess;
  readonly started: Extract<NodeWord, { type: 'ready' }>;

  private constructor(child: ChildProcess, started: Extract<NodeWord, { type: 'ready' }>) {
    this.#child = child;
    this.started = started;
  }

  static async start(order: Omit<Extract<NodeOrder, { type: 'start' }>, 'type'>): Promise<Nodes> {
    const child = fork(PROGRAM, { execArgv: [...process.execArgv] });
    const word = await ask(child, { type: 'start', ...order });
    if (word.type !== 'ready') throw new Error(`the nodes said ${word.type}`);
    return new Nodes(child, word);
  }

  async advance(epochs: number): Promise<void> {
    await ask(this.#child, { type: 'advance', epochs });
  }

  /** Calls by method since it was asked last. */
  async counts(): Promise<ReadonlyMap<string, number>> {
    const word = await ask(this.#child, { type: 'counts' });
    return new Map(word.type === 'counts' ? Object.entries(word.counts) : []);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.send({ type: 'stop' } satisfies NodeOrder);
    await ended;
  }
}

async function ask(child: ChildProcess, order: NodeOrder): Promise<NodeWord> {
  const answered = new AbortController();
  const { signal } = answered;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the process of nodes ended with ${code}`);
  });
  const word = once(child, 'message', { signal }).then(([message]) => message as NodeWord);
  child.send(order);
  try {
    return await Promise.race([word, ended]);
  } finally {
    answered.abort();
    await Promise.allSettled([word, ended]);
  }
}
