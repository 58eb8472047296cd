import {
  type BatchMember,
  type BatchRules,
  decideBatches,
  messageBytes,
  messageLimit,
  preCommitGas,
  proveCommitGas,
  USUAL_PREMIUM,
  type WaitingGroup,
} from '#chain';
import type { Settings } from '#config';
import type { ActorId, AttoFil, Epoch } from '#core';
import type { ChainView } from '../chain-view.ts';
import { roomOf } from './aggregating.ts';
import { type BatchQueue, batchRules, membersOf } from './queue.ts';

/** Sectors that wait for a batch, as people want to see them: together, since when, until when, and why. */
export interface BatchLine {
  readonly miner: ActorId;
  readonly kind: 'precommit' | 'commit';
  /** Registered seal proof; null for those that pause after a refusal, of whatever proof. */
  readonly sealProof: number | null;
  readonly sectors: number;
  /** Messages that they would go in now. */
  readonly messages: number;
  /** How long the first has waited, in ms. */
  readonly waitedMs: number;
  /** Ms until they leave by their wait or pause; null: at no known time, 0: with the next pass. */
  readonly leavesInMs: number | null;
  /** The epoch at which they leave at the latest. */
  readonly latestEpoch: Epoch | null;
  readonly why: string;
  /** By the gas model, each proof for itself, at the current base fee; null when the chain does not answer. */
  readonly costNow: AttoFil | null;
  readonly blockedBy: string | null;
}

/** The same decision as the sealing role takes, told instead of done. Pure but for reading settings. */
export function batchLines(
  queue: BatchQueue,
  settings: Settings,
  view: ChainView,
  baseFee: AttoFil | undefined,
): BatchLine[] {
  const { activity, miner, row, now } = queue;
  const room = roomOf(queue, view, { why: 'told without a sealer' });
  const rules = batchRules(settings, activity, miner, room, baseFee);
  const { members, pauseMs, pausing } = membersOf(queue, settings, view, rules);
  const { batches, waiting } = decideBatches(members, rules, view.head);
  const blockedBy = row?.blocked_at ? `${row.blocked_code}: ${row.blocked_message}` : null;
  const known = new Map(members.map((member) => [member.number, member]));
  const line = { miner, kind: activity.name, blockedBy };
  const lines: BatchLine[] = batches.map(({ members: numbers, reason }) => {
    const of = numbers.flatMap((number) => known.get(number) ?? []);
    return {
      ...line,
      ...costOf(of, rules, baseFee, view),
      sealProof: of[0]?.sealProof ?? null,
      sectors: of.length,
      waitedMs: Math.max(...of.map(({ waitedMs }) => waitedMs)),
      leavesInMs: 0,
      latestEpoch: Math.min(...of.map(({ lastEpoch }) => lastEpoch)) - rules.slack,
      why: LEAVES[reason],
    };
  });
  const leaving = new Set(batches.flatMap((batch) => batch.members));
  const left = members.filter(({ number }) => !leaving.has(number));
  for (const group of waiting) {
    const of = left.filter(
      ({ sealProof, refusals }) => sealProof === group.sealProof && refusals === group.refusals,
    );
    lines.push({
      ...line,
      ...costOf(of, rules, baseFee, view),
      sealProof: group.sealProof,
      sectors: group.members,
      waitedMs: group.longestMs,
      leavesInMs: group.leavesInMs ?? null,
      latestEpoch: group.latestEpoch,
      why: whyStays(group, rules),
    });
  }
  if (pausing > 0) {
    const first = [...queue.waiting.values()].reduce(
      (oldest, { candidate }) => Math.min(oldest, candidate.state_at.getTime()),
      now.getTime(),
    );
    lines.push({
      ...line,
      ...{ sealProof: null, sectors: pausing, messages: 0, waitedMs: now.getTime() - first },
      ...{ leavesInMs: pauseMs, latestEpoch: null, costNow: null },
      why: 'pause after a message with them was refused',
    });
  }
  return lines;
}

const LEAVES = {
  slack: 'leave now: the first is near its last epoch',
  ordered: 'leave now: the operator has ordered it',
  refused: 'leave now: refused before, in small company',
  full: 'leave now: a message is full',
  'base-fee': 'leave now: the base fee is low',
  waited: 'leave now: the first has waited long enough',
} as const;

function whyStays(group: WaitingGroup, rules: BatchRules): string {
  if (group.for === 'base-fee') return 'wait for a lower base fee';
  if (group.for === 'company') return `wait until there are ${rules.min}`;
  return group.members < rules.min
    ? `wait for company, and until there are ${rules.min}`
    : 'wait for company';
}

function costOf(
  members: readonly BatchMember[],
  { room, max }: BatchRules,
  baseFee: AttoFil | undefined,
  view: ChainView,
): Pick<BatchLine, 'costNow' | 'messages'> {
  const limit = messageLimit(view.policy);
  let gas = 0n;
  let messages = 0;
  let count = 0;
  let bytes = 0;
  const close = (): void => {
    if (count === 0) return;
    const length = messageBytes(room, count, bytes);
    gas += room.form === 'precommit' ? preCommitGas(count, length) : proveCommitGas(count, length);
    messages += 1;
    count = 0;
    bytes = 0;
  };
  for (const member of members) {
    if (count >= max || messageBytes(room, count + 1, bytes + member.bytes) > limit) close();
    count += 1;
    bytes += member.bytes;
  }
  close();
  return { messages, costNow: baseFee === undefined ? null : gas * (baseFee + USUAL_PREMIUM) };
}
