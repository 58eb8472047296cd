import { ADMISSION } from './admission.ts';
import { BATCH } from './batch.ts';
import { CHAIN_POOL } from './chain-pool.ts';
import { CONFIDENCE } from './confidence.ts';
import { COORDINATOR } from './coordinator.ts';
import { DEVICES } from './devices.ts';
import { EDGES } from './edges.ts';
import { FEES } from './fees.ts';
import { FEES_AND_SECTORS } from './fees-and-sectors.ts';
import { MESSAGES } from './messages.ts';
import { OUTSOURCE } from './outsource.ts';
import { PACE } from './pace.ts';
import { LIMITS, TIME_LIMITS } from './phases.ts';
import { PIECES } from './pieces.ts';
import { PLEDGE } from './pledge.ts';
import { SEALING } from './sealing.ts';
import { WALLET } from './wallet.ts';
import { AGENT } from './worker.ts';

/** Every observation there is, by the suite that makes them and the name that they have there. */
export const SUITES = {
  'admission.test.ts': { ADMISSION },
  'batching.test.ts': { BATCH, FEES_AND_SECTORS },
  'devices.test.ts': { DEVICES },
  'coordinator.test.ts': { CONFIDENCE, COORDINATOR, MESSAGES, PIECES, PLEDGE },
  'edges.test.ts': { EDGES, CHAIN_POOL },
  'outsource.test.ts': { OUTSOURCE },
  'phases.test.ts': { LIMITS, TIME_LIMITS },
  'wallet.test.ts': { FEES, WALLET },
  'worker.test.ts': { AGENT, PACE, SEALING },
} as const;
