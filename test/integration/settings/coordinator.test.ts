import { afterAll, beforeAll, describe } from 'vitest';
import { CONFIDENCE } from './observations/confidence.ts';
import { COORDINATOR } from './observations/coordinator.ts';
import { MESSAGES } from './observations/messages.ts';
import { PIECES } from './observations/pieces.ts';
import { PLEDGE } from './observations/pledge.ts';
import { type CoordinatorBench, createCoordinatorBench } from './support/coordinator-bench.ts';
import { observeEach } from './support/observation.ts';

let bench: CoordinatorBench;

beforeAll(async () => {
  bench = await createCoordinatorBench();
  await bench.rig.devnet.control.mine(5);
});
afterAll(() => bench[Symbol.asyncDispose]());

const each = () => bench.reset();

describe('changed by plain SQL, in force on a coordinator that runs:', () => {
  observeEach(() => bench, CONFIDENCE, { each });
  observeEach(() => bench, COORDINATOR, { each });
  observeEach(() => bench, MESSAGES, { each });
  observeEach(() => bench, PIECES, { each });
  observeEach(() => bench, PLEDGE, { each });
});
