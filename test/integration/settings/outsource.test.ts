import { afterAll, beforeAll, describe } from 'vitest';
import { type MiniCoordinator, startMiniCoordinator } from '../workers/support/coordinator.ts';
import { OUTSOURCE } from './observations/outsource.ts';
import { observeEach } from './support/observation.ts';
import { createWorkerBench, type WorkerBench } from './support/worker-bench.ts';

let bench: WorkerBench;
let coordinator: MiniCoordinator;

beforeAll(async () => {
  bench = await createWorkerBench();
  coordinator = startMiniCoordinator(bench.fleet);
});
afterAll(async () => {
  await coordinator.stop();
  await bench[Symbol.asyncDispose]();
});

const each = () => bench.reset();

describe('changed by plain SQL, in force on a worker and a coordinator that run:', () => {
  observeEach(() => bench, OUTSOURCE, { each });
});
