import {
  type BaseFeeWord,
  type BatchMember,
  type BatchRoom,
  type BatchRules,
  companyAfter,
  manifestBytes,
  preCommitBytes,
  proofBytes,
} from '#chain';
import type { Settings } from '#config';
import type { ActorId, AttoFil, Bytes, SectorNumber } from '#core';
import {
  type BatchCandidate,
  type BatchQueueRow,
  type Executor,
  findBatchQueue,
  listBatchCandidates,
  listPiecesOfSectors,
  type PieceRow,
  readServerTime,
} from '#db';
import { backoffMs, retryScale, triesOf } from '#sector';
import type { ChainView } from '../chain-view.ts';
import type { Activity } from './activity.ts';

const PAGE = 1_000;

/** A sector that waits, with what it adds to a message: its manifest (or its whole info), and its own proof. */
export interface Waiting {
  readonly candidate: BatchCandidate;
  readonly manifestBytes: Bytes;
  readonly proofBytes: Bytes;
}

/** Everything of a miner that waits for one kind of batch. */
export interface BatchQueue {
  readonly activity: Activity;
  readonly miner: ActorId;
  readonly now: Date;
  readonly waiting: ReadonlyMap<SectorNumber, Waiting>;
  readonly row: BatchQueueRow | undefined;
}

/** Reads it a page at a time, without the proofs: ten thousand sectors are a few MB. */
export async function readBatchQueue(db: Executor, activity: Activity, miner: ActorId): Promise<BatchQueue> {
  const now = await readServerTime(db);
  const waiting = new Map<SectorNumber, Waiting>();
  for (let after: BatchCandidate | undefined; ; ) {
    const page = await listBatchCandidates(db, { miner, state: activity.state, after, limit: PAGE });
    const withData = page.filter(({ kind }) => kind === 'data').map(({ number }) => number);
    const pieces = await listPiecesOfSectors(db, miner, withData);
    for (const candidate of page) {
      waiting.set(candidate.number, sized(activity, candidate, pieces.get(candidate.number) ?? []));
    }
    after = page.at(-1);
    if (page.length < PAGE) break;
  }
  const row = await findBatchQueue(db, miner, activity.name);
  return { activity, miner, now, waiting, row };
}

function sized(activity: Activity, candidate: BatchCandidate, pieces: readonly PieceRow[]): Waiting {
  if (activity.form === 'precommit') return { candidate, manifestBytes: preCommitBytes(), proofBytes: 0 };
  return {
    candidate,
    manifestBytes: manifestBytes(candidate.number, pieces),
    proofBytes: proofBytes(candidate.proof_bytes),
  };
}

/** The settings of a miner's batches, for a message of this form. */
export function batchRules(
  settings: Settings,
  activity: Activity,
  miner: ActorId,
  room: BatchRoom & { readonly most: number },
  baseFee: AttoFil | undefined,
): BatchRules {
  const { name } = activity;
  return {
    min: settings.get(`batch.${name}.min`, { miner }),
    max: Math.min(settings.get(`batch.${name}.max`, { miner }), room.most),
    waitMs: settings.get(`batch.${name}.wait`, { miner }),
    slack: settings.get(`batch.${name}.slack`, { miner }),
    room,
    baseFee: baseFeeWord(settings.get(`batch.${name}.below_base_fee`, { miner }), baseFee),
  };
}

/** What the base fee says against the operator's bound; nothing when there is no bound, or no fee is known. */
export function baseFeeWord(bound: AttoFil, baseFee: AttoFil | undefined): BaseFeeWord {
  if (bound === 0n || baseFee === undefined) return undefined;
  return baseFee < bound ? 'low' : 'high';
}

/**
 * The waiting sectors as the decision sees them, without those that still pause after a refusal; `pauseMs`: until the
 * first of these may go again.
 */
export function membersOf(
  queue: BatchQueue,
  settings: Settings,
  view: ChainView,
  rules: BatchRules,
): { readonly members: BatchMember[]; readonly pauseMs: number; readonly pausing: number } {
  const { activity, miner, now, row } = queue;
  const retry = retryScale(settings, miner);
  const key = `${activity.name}.${activity.refusedKind}`;
  const tries = triesOf(activity.refusedKind, retry);
  const orderedAt = row?.ordered_at?.getTime() ?? Number.NEGATIVE_INFINITY;
  const members: BatchMember[] = [];
  let pauseMs = Number.POSITIVE_INFINITY;
  let pausing = 0;
  for (const { candidate, manifestBytes: manifest, proofBytes: proof } of queue.waiting.values()) {
    const since = candidate.state_at.getTime();
    const waitedMs = now.getTime() - since;
    const refusals = candidate.recoveries[key] ?? 0;
    const pause = refusals > 0 ? backoffMs(activity.refusedKind, refusals, retry) : 0;
    if (waitedMs < pause) {
      pauseMs = Math.min(pauseMs, pause - waitedMs);
      pausing += 1;
      continue;
    }
    members.push({
      number: candidate.number,
      sealProof: candidate.seal_proof,
      waitedMs,
      lastEpoch: activity.lastEpoch(candidate, view),
      bytes: manifest + (rules.room.form === 'aggregate' ? 0 : proof),
      refusals,
      ordered: since <= orderedAt,
      ...(refusals > 0 ? { company: companyAfter(refusals, tries, rules.max) } : {}),
    });
  }
  return { members, pauseMs, pausing };
}
