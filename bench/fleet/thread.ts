import { parentPort } from 'node:worker_threads';
import { runTask, type Task } from './task.ts';

// Runs one simulation after the other in a thread of its own.
parentPort?.on('message', (task: Task) => parentPort?.postMessage(runTask(task)));
