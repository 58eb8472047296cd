import { afterAll, beforeAll, describe } from 'vitest';
import { BATCH } from './observations/batch.ts';
import { FEES_AND_SECTORS } from './observations/fees-and-sectors.ts';
import { type CoordinatorBench, createCoordinatorBench } from './support/coordinator-bench.ts';
import { observeEach } from './support/observation.ts';

let bench: CoordinatorBench;

beforeAll(async () => {
  bench = await createCoordinatorBench();
});
afterAll(() => bench[Symbol.asyncDispose]());

const each = () => bench.reset();

describe('changed by plain SQL, in force on a coordinator that runs:', () => {
  observeEach(() => bench, BATCH, { each });
  observeEach(() => bench, FEES_AND_SECTORS, { each });
});
