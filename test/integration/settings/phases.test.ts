import { afterAll, beforeAll, describe } from 'vitest';
import { PHASE_NAMES } from '#core';
import {
  LIMITS,
  oneRunOfEachPhase,
  type PhasesBench,
  standStill,
  TIME_LIMITS,
} from './observations/phases.ts';
import { observeEach } from './support/observation.ts';
import { createWorkerBench, type WorkerBench } from './support/worker-bench.ts';

let worker: WorkerBench;
let bench: PhasesBench;

beforeAll(async () => {
  worker = await createWorkerBench();
});
afterAll(() => worker[Symbol.asyncDispose]());

describe('changed by plain SQL, in force on a worker with a run of every phase in its queues:', () => {
  beforeAll(async () => {
    bench = { ...worker, sectors: await oneRunOfEachPhase(worker) };
  });
  observeEach(() => bench, LIMITS);
});

describe('changed by plain SQL, in force on a worker whose runs of every phase hang:', () => {
  let goOn: () => Promise<void>;

  beforeAll(async () => {
    await worker.reset();
    goOn = await standStill(worker);
    bench = { ...worker, sectors: await oneRunOfEachPhase(worker) };
    for (const phase of PHASE_NAMES) await worker.given(`worker.limit.${phase}`, '4');
  });
  afterAll(() => goOn());
  observeEach(() => bench, TIME_LIMITS, { together: true });
});
