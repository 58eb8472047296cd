import {
  type AggregationRules,
  type AggregationVerdict,
  aggregationVerdict,
  type BatchRoom,
  messageLimit,
  mostInAggregate,
  partitionsOf,
  proofBytesOf,
} from '#chain';
import type { SectorNumber } from '#core';
import type { AggregatorAbility } from '../aggregate/index.ts';
import type { BatchPass } from './activity.ts';
import type { BatchQueue } from './queue.ts';

/** Whether this pass may aggregate at all, and within what rules; else why not, for people. */
export type AggregationChance =
  | { readonly rules: AggregationRules; readonly sealProof: number }
  | { readonly why: string };

/** Cheap questions first: the setting, then the base fee, then what the machine can do. */
export async function aggregationChance(
  pass: Pick<BatchPass, 'modules' | 'view' | 'miner' | 'reads' | 'node'>,
  queue: BatchQueue,
): Promise<AggregationChance> {
  const { modules, miner, view } = pass;
  const { settings, aggregates } = modules;
  const scope = { miner: miner.id };
  const mode = settings.get('batch.commit.aggregate', scope);
  const least = Math.max(settings.get('batch.commit.aggregate_min', scope), view.policy.minAggregatedProofs);
  if (mode === 'off') return { why: 'batch.commit.aggregate is off' };
  // A miner has sectors of one size, so that what counts of the seal proof is that of any of them.
  const [first] = queue.waiting.values();
  if (!first || queue.waiting.size < least) return { why: `fewer than ${least} sectors wait` };
  const baseFee = await pass.reads.baseFee(pass.node);
  const breakEven = settings.get('batch.commit.aggregate_from', scope);
  if (mode === 'auto' && baseFee < breakEven) return { why: 'the base fee is below the break-even' };
  const ability: AggregatorAbility = (await aggregates?.ability()) ?? {
    why: 'this process aggregates nothing',
  };
  if ('why' in ability) return ability;
  const sealProof = first.candidate.seal_proof;
  const most = mostInAggregate(view.policy, ability.proofs, partitionsOf(sealProof));
  return { sealProof, rules: { mode, least, most, breakEven, baseFee } };
}

/** The room that batches are decided for: that of an aggregate where there may be one. */
export function roomOf(
  queue: BatchQueue,
  view: BatchPass['view'],
  chance: AggregationChance,
): BatchRoom & { readonly most: number } {
  const limit = messageLimit(view.policy);
  const { form } = queue.activity;
  if (form === 'commit' && 'rules' in chance) {
    return { form: 'aggregate', limit, proofBytes: proofBytesOf(chance), most: chance.rules.most };
  }
  const most = form === 'precommit' ? view.policy.preCommitBatchMax : view.policy.maxAggregatedProofs;
  return { form, limit, most };
}

/** Both ways priced for these sectors. */
export function priceWays(
  queue: BatchQueue,
  view: BatchPass['view'],
  numbers: readonly SectorNumber[],
  chance: Extract<AggregationChance, { rules: unknown }>,
): AggregationVerdict {
  const members = numbers.flatMap((number) => queue.waiting.get(number) ?? []);
  const { sealProof, rules } = chance;
  return aggregationVerdict({ sealProof, members, limit: messageLimit(view.policy) }, rules);
}
