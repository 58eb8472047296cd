import type { Batch } from '#chain';
import type { BeeproError, SectorNumber } from '#core';
import { type AggregateJob, aggregateDigest, aggregateInput } from '../aggregate/index.ts';
import type { Activity, BatchPass } from './activity.ts';
import { type AggregationChance, priceWays } from './aggregating.ts';
import { assignBatch } from './assign.ts';
import { judge } from './estimate.ts';
import type { BatchQueue } from './queue.ts';
import { readMembers, sendBatch, splitApart } from './send.ts';

/** How soon an aggregate in the making is looked at again, in ms. */
const POLL_MS = 1_000;

/** What became of the aggregate that was begun before. */
export interface InHand {
  /** Sectors that wait for it, or left with it: this pass decides nothing about them. */
  readonly numbers: ReadonlySet<SectorNumber>;
  readonly formed: number;
  readonly nextMs: number;
  readonly failure?: BeeproError;
}

const NOTHING: InHand = { numbers: new Set(), formed: 0, nextMs: Number.POSITIVE_INFINITY };

/**
 * Begins the aggregate of a batch that may be one. Returns in how many ms it is worth looking again; undefined when its
 * proofs are to go one by one.
 */
export async function beginAggregate(
  pass: BatchPass,
  activity: Activity,
  queue: BatchQueue,
  batch: Batch,
  chance: Extract<AggregationChance, { rules: unknown }>,
): Promise<number | undefined> {
  const { modules, miner, view } = pass;
  const verdict = priceWays(queue, view, batch.members, chance);
  if (!modules.aggregates || !verdict.aggregate) return undefined;
  // One at a time: who can wait waits for the other, who is pressed goes without.
  if (!modules.aggregates.isFree) return batch.reason === 'slack' ? undefined : POLL_MS;
  const members = await activity.check(pass, await readMembers(pass, activity, batch.members));
  const input = aggregateInput(members.map(({ sector }) => sector));
  if (!input || members.length < chance.rules.least) return undefined;
  const timeoutMs = modules.settings.get('batch.commit.aggregate_timeout', { miner: miner.id });
  modules.aggregates.begin(input, batch.reason, timeoutMs);
  const { apart, together = 0n } = verdict.cost;
  modules.log.info(
    {
      ...{ event: 'batch.aggregating', miner: miner.id, sectors: members.length, why: verdict.why },
      ...{ costApart: apart, costTogether: together },
    },
    `one proof is made of ${members.length}: ${verdict.why}`,
  );
  return POLL_MS;
}

/** Goes on with the aggregate that was begun: waits for it, sends it, or has its proofs go one by one. */
export async function aggregateInHand(
  pass: BatchPass,
  activity: Activity,
  queue: BatchQueue,
  signal: AbortSignal,
): Promise<InHand> {
  const { aggregates } = pass.modules;
  const job = activity.form === 'commit' ? aggregates?.jobOf(pass.miner.id) : undefined;
  if (!job) return NOTHING;
  const isWhole = job.numbers.every((number) => queue.waiting.has(number));
  if (!isWhole) {
    aggregates?.drop(pass.miner.id);
    return NOTHING;
  }
  const numbers = new Set(job.numbers);
  if (!job.outcome) return { ...NOTHING, numbers, nextMs: POLL_MS };
  const { formed, failure } = await sendAggregate(pass, activity, queue, job, signal);
  // Nothing was learnt: the proof is kept for the next pass.
  if (failure) return { ...NOTHING, numbers, failure };
  aggregates?.drop(pass.miner.id);
  return { ...NOTHING, numbers, formed };
}

async function sendAggregate(
  pass: BatchPass,
  activity: Activity,
  queue: BatchQueue,
  job: AggregateJob,
  signal: AbortSignal,
): Promise<{ formed: number; failure?: BeeproError }> {
  const { modules, miner, view } = pass;
  const { outcome, reason } = job;
  const apart = async (why: BeeproError | string): Promise<{ formed: number }> => {
    const text = typeof why === 'string' ? why : why.message;
    modules.log.warn(
      { event: 'batch.unaggregated', miner: miner.id, sectors: job.numbers.length, why: text },
      `the proofs go one by one: ${text}`,
    );
    const max = modules.settings.get('batch.commit.max', { miner: miner.id });
    let formed = 0;
    for (const part of splitApart(queue, { members: job.numbers, reason }, max, view)) {
      formed += await sendBatch(pass, activity, part, signal);
    }
    return { formed };
  };
  if (!outcome || 'error' in outcome) return apart(outcome?.error ?? 'there is no aggregate');
  const members = await activity.check(pass, await readMembers(pass, activity, job.numbers));
  const input = aggregateInput(members.map(({ sector }) => sector));
  if (!input || aggregateDigest(input) !== job.digest) return apart('its sectors have changed');
  const from = await pass.sender(await activity.collateral(pass, members));
  const verdict = await judge(pass, activity, members, from, signal, outcome.proof);
  if (verdict.verdict === 'unknown') return { formed: 0, failure: verdict.error };
  if (verdict.verdict !== 'fits') return apart(verdict.error);
  const ready = { members, from, gas: verdict.gas, reason, aggregate: outcome.proof };
  return { formed: (await assignBatch(pass, activity, ready)) === undefined ? 0 : 1 };
}
