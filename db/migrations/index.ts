import { minersAndSettings } from './0001-miners-and-settings.ts';
import { workersAndLeases } from './0002-workers-and-leases.ts';
import { sectorsAndRuns } from './0003-sectors-and-runs.ts';
import { messages } from './0004-messages.ts';
import { workerReport } from './0005-worker-report.ts';
import { offeredRuns } from './0006-offered-runs.ts';
import { pledgeDecisions } from './0007-pledge-decisions.ts';
import { messageLimits } from './0008-message-limits.ts';
import { chainNodes } from './0009-chain-nodes.ts';
import { messageLives } from './0010-message-lives.ts';
import { batching } from './0011-batching.ts';
import { ownBlocks } from './0012-own-blocks.ts';
import { seenTipsets } from './0013-seen-tipsets.ts';
import { reportedAt } from './0014-reported-at.ts';
import type { Migration } from './migration.ts';

export type { Migration } from './migration.ts';

/** Every migration, in order; a test holds numbers, names and files together. */
export const MIGRATIONS: readonly Migration[] = [
  minersAndSettings,
  workersAndLeases,
  sectorsAndRuns,
  messages,
  workerReport,
  offeredRuns,
  pledgeDecisions,
  messageLimits,
  chainNodes,
  messageLives,
  batching,
  ownBlocks,
  seenTipsets,
  reportedAt,
];
