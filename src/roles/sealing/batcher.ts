import { type ChainApi, chooseSender, decideBatches, minerStanding } from '#chain';
import { type AttoFil, inTurn, toBeeproError } from '#core';
import { clearBlockedBatch, listMiners, type MinerRow, noteBlockedBatch } from '#db';
import type { Activity, BatchPass } from './batch/activity.ts';
import { aggregateInHand, beginAggregate } from './batch/aggregate-batch.ts';
import { aggregationChance, roomOf } from './batch/aggregating.ts';
import { PassReads } from './batch/pass-reads.ts';
import { type BatchQueue, batchRules, membersOf, readBatchQueue } from './batch/queue.ts';
import { sendBatch, splitApart } from './batch/send.ts';
import type { ChainView } from './chain-view.ts';
import { freeFunds } from './free-funds.ts';
import type { SealingModules } from './modules.ts';

/** Batches that one pass sends off of one miner's kind; the rest goes with the next, which follows at once. */
const MOST_BATCHES = 40;

export interface BatchOutcome {
  /** Messages that were recorded. */
  readonly formed: number;
  /** Ms until it is worth looking again; Infinity when nothing waits. */
  readonly nextMs: number;
}

/** Decides, checks, estimates and assigns the batches of one activity for every miner. */
export async function batchActivity(
  modules: SealingModules,
  activity: Activity,
  view: ChainView,
  signal: AbortSignal,
): Promise<BatchOutcome> {
  let formed = 0;
  let nextMs = Number.POSITIVE_INFINITY;
  const one = async (miner: MinerRow) => {
    const queue = await readBatchQueue(modules.db.kysely, activity, miner.id);
    if (queue.waiting.size === 0) {
      await unblock(modules, queue);
      return;
    }
    if (await isHeldBack(modules, activity, view, miner)) return;
    const sent = await modules.chain.onOneNode((node) =>
      batchMiner(passOf(modules, activity.name, miner, view, node), activity, queue, signal),
    );
    formed += sent.formed;
    nextMs = Math.min(nextMs, sent.nextMs);
  };
  await inTurn(await listMiners(modules.db.kysely), one, signal);
  return { formed, nextMs };
}

/**
 * Whether the chain would refuse every message of this activity for the miner, whatever is in it: a pre-commit while
 * the miner owes fees or a consensus fault counts. Then none is made, and they go on by themselves when it is over.
 */
async function isHeldBack(
  modules: SealingModules,
  activity: Activity,
  view: ChainView,
  miner: MinerRow,
): Promise<boolean> {
  if (activity.name !== 'precommit') return false;
  const { blocked } = await minerStanding(modules, view, miner.id);
  if (!blocked) return false;
  await noteBlockedBatch(modules.db.kysely, miner.id, activity.name, blocked);
  return true;
}

/** A pass of one miner with one node. What the miner can lock is counted on by the first message only. */
export function passOf(
  modules: SealingModules,
  purpose: Activity['name'],
  miner: MinerRow,
  view: ChainView,
  node: ChainApi,
): BatchPass {
  let funds: Promise<AttoFil> | undefined;
  return {
    ...{ modules, miner, view, node, reads: new PassReads(view, miner.id) },
    sender: async (value) => {
      const needed = value + modules.settings.get(`fee.${purpose}.max`, { miner: miner.id });
      return (await chooseSender({ ...modules, chain: node }, { miner, purpose, needed, key: view.key }))
        .address;
    },
    funds: () => {
      funds ??= freeFunds(modules, miner.id);
      return funds;
    },
    spent: () => {
      funds = Promise.resolve(0n);
    },
  };
}

async function batchMiner(
  pass: BatchPass,
  activity: Activity,
  queue: BatchQueue,
  signal: AbortSignal,
): Promise<BatchOutcome> {
  const { modules, view, miner } = pass;
  const { settings } = modules;
  const chance =
    activity.form === 'commit' ? await aggregationChance(pass, queue) : { why: 'there is no proof yet' };
  const bound = settings.get(`batch.${activity.name}.below_base_fee`, { miner: miner.id });
  const baseFee = bound === 0n ? undefined : await pass.reads.baseFee(pass.node);
  const rules = batchRules(settings, activity, miner.id, roomOf(queue, view, chance), baseFee);
  const { members, pauseMs } = membersOf(queue, settings, view, rules);
  const inHand = await aggregateInHand(pass, activity, queue, signal);
  const free = members.filter(({ number }) => !inHand.numbers.has(number));
  const { batches, nextMs } = decideBatches(free, rules, view.head);

  let { formed } = inHand;
  let failure = inHand.failure;
  let next = Math.min(nextMs ?? Number.POSITIVE_INFINITY, pauseMs, inHand.nextMs);
  for (const [index, batch] of batches.entries()) {
    if (signal.aborted || index >= MOST_BATCHES) {
      next = 0;
      break;
    }
    try {
      const waitMs =
        'rules' in chance ? await beginAggregate(pass, activity, queue, batch, chance) : undefined;
      if (waitMs !== undefined) {
        next = Math.min(next, waitMs);
        continue;
      }
      for (const part of splitApart(queue, batch, rules.max, view)) {
        formed += await sendBatch(pass, activity, part, signal);
      }
    } catch (error) {
      // One batch that cannot be formed now holds up no other; it is formed again with the next pass.
      failure = toBeeproError(error);
      modules.log.warn(
        { event: 'batch.failed', miner: miner.id, activity: activity.name, err: failure },
        failure.message,
      );
    }
  }
  if (failure) await noteBlockedBatch(modules.db.kysely, miner.id, activity.name, failure);
  else await unblock(modules, queue);
  return { formed, nextMs: next };
}

async function unblock({ db }: SealingModules, { row, miner, activity }: BatchQueue): Promise<void> {
  if (row?.blocked_at) await clearBlockedBatch(db.kysely, miner, activity.name);
}
