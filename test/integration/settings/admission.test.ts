import { afterAll, beforeAll, describe } from 'vitest';
import { ADMISSION } from './observations/admission.ts';
import { observeEach } from './support/observation.ts';
import { createWorkerBench, type WorkerBench } from './support/worker-bench.ts';

let bench: WorkerBench;

beforeAll(async () => {
  bench = await createWorkerBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

const each = () => bench.reset();

describe('changed by plain SQL, in force on a worker that runs:', () => {
  observeEach(() => bench, ADMISSION, { each });
});
