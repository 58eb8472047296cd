import { afterAll, beforeAll, describe } from 'vitest';
import { PACE } from './observations/pace.ts';
import { SEALING } from './observations/sealing.ts';
import { AGENT } from './observations/worker.ts';
import { observeEach } from './support/observation.ts';
import { createWorkerBench, type WorkerBench } from './support/worker-bench.ts';

let bench: WorkerBench;

beforeAll(async () => {
  bench = await createWorkerBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

const each = () => bench.reset();

describe('changed by plain SQL, in force on a worker that runs:', () => {
  observeEach(() => bench, AGENT, { each });
  observeEach(() => bench, PACE, { each });
  observeEach(() => bench, SEALING, { each });
});
