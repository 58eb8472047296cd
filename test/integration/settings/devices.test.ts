import { afterAll, beforeAll, describe } from 'vitest';
import { DEVICES } from './observations/devices.ts';
import { observeEach } from './support/observation.ts';
import { createWorkerBench, type WorkerBench } from './support/worker-bench.ts';

let bench: WorkerBench;

beforeAll(async () => {
  bench = await createWorkerBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

describe('changed by plain SQL, in force on a worker with devices:', () => {
  observeEach(() => bench, DEVICES, { each: () => bench.reset() });
});
