import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { SimulationResult } from './simulate.ts';
import type { Task } from './task.ts';

/** Runs simulations on all cores; `onDone` is called as they end. Each depends on its own seed alone. */
export async function runAll(
  tasks: readonly Task[],
  onDone: (task: Task, result: SimulationResult) => void,
): Promise<void> {
  const rest = [...tasks];
  const threads = Array.from({ length: Math.min(rest.length, availableParallelism()) }, async () => {
    const thread = new Worker(new URL('./thread.ts', import.meta.url));
    let answer = Promise.withResolvers<SimulationResult>();
    thread.on('message', (result: SimulationResult) => answer.resolve(result));
    thread.on('error', (error) => answer.reject(error));
    try {
      for (let task = rest.shift(); task; task = rest.shift()) {
        answer = Promise.withResolvers<SimulationResult>();
        thread.postMessage(task);
        onDone(task, await answer.promise);
      }
    } finally {
      await thread.terminate();
    }
  });
  await Promise.all(threads);
}
