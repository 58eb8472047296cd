import { type ChainApi, networkPolicy } from '#chain';
import type { Settings } from '#config';
import { type ActorId, type AttoFil, type BeeproError, toBeeproError } from '#core';
import { type Executor, listMiners } from '#db';
import { type BatchLine, batchLines } from './batch/outlook.ts';
import { PassReads } from './batch/pass-reads.ts';
import { readBatchQueue } from './batch/queue.ts';
import { type ChainView, ChainViewer } from './chain-view.ts';
import { COMMIT } from './commit-activity.ts';
import { PRECOMMIT } from './precommit-activity.ts';

/** Everything that waits for a batch, of all miners or of one. */
export interface BatchOutlook {
  readonly lines: readonly BatchLine[];
  /** Why there is no cost and no deadline in the lines; undefined: the chain has answered. */
  readonly chainError: BeeproError | undefined;
}

/** No slack presses at this head: what waits is shown without the chain too. */
const NO_CHAIN: ChainView = {
  head: Number.NEGATIVE_INFINITY,
  key: [],
  parents: [],
  policy: networkPolicy(0),
  challengeDelay: networkPolicy(0).preCommitChallengeDelay,
};

/** Reads what waits and what the chain says, and tells what the sealing role would decide now. */
export async function readBatchOutlook(
  modules: { readonly db: Executor; readonly settings: Settings; readonly chain: ChainApi },
  miner?: ActorId,
): Promise<BatchOutlook> {
  const { db, settings, chain } = modules;
  let view = NO_CHAIN;
  let baseFee: AttoFil | undefined;
  let chainError: BeeproError | undefined;
  try {
    view = await new ChainViewer(chain).view();
    baseFee = await new PassReads(view, 0).baseFee(chain);
  } catch (error) {
    chainError = toBeeproError(error);
  }
  const lines: BatchLine[] = [];
  for (const row of await listMiners(db)) {
    if (miner !== undefined && row.id !== miner) continue;
    for (const activity of [PRECOMMIT, COMMIT]) {
      lines.push(...batchLines(await readBatchQueue(db, activity, row.id), settings, view, baseFee));
    }
  }
  return { lines, chainError };
}
