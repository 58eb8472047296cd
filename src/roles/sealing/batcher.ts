import {
  type Batch,
  type BatchMember,
  type BatchRules,
  chooseSender,
  companyAfter,
  decideBatches,
  type NetworkPolicy,
  type SectorWithPieces,
} from '#chain';
import { idAddress, prefixOf, toBase64 } from '#codec';
import {
  type ActorId,
  type AttoFil,
  type BeeproError,
  type Epoch,
  inTurn,
  killPoint,
  toBeeproError,
} from '#core';
import {
  insertMessage,
  listMiners,
  listPiecesOfSectors,
  lockMinerActivity,
  lockSector,
  type MinerRow,
  readServerTime,
  type SectorRow,
  transaction,
} from '#db';
import { applyEvent, backoffMs, type FailureKind, retryScale, type SectorEvent, triesOf } from '#sector';
import { holdBack, noteWait } from './activity-wait.ts';
import type { ChainView } from './chain-view.ts';
import type { SealingModules } from './modules.ts';
import { sectorsIn } from './pages.ts';

/** What differs between pre-commits and prove-commits; all else of a batch is the same. */
export interface Activity {
  readonly name: 'precommit' | 'commit';
  readonly state: 'PreCommitBatching' | 'CommitBatching';
  readonly method: number;
  readonly refusedKind: FailureKind;
  /** The last epoch at which a message with the sector may be included. */
  lastEpoch(sector: SectorRow, view: ChainView): Epoch;
  bytes(member: SectorWithPieces): number;
  /** Asks the chain; true when the sector may go into a message. Else its event has been applied. */
  check(modules: SealingModules, view: ChainView, sector: SectorRow): Promise<boolean>;
  params(modules: SealingModules, view: ChainView, members: readonly SectorWithPieces[]): Uint8Array;
  /** What the message has to bring along. */
  collateral(
    modules: SealingModules,
    view: ChainView,
    members: readonly SectorWithPieces[],
  ): Promise<AttoFil>;
  assigned(message: number): SectorEvent;
}

/** Bytes of a message beside the parameters' members: addresses, gas, signature, array heads. */
const FIXED_BYTES = 512;

export interface BatchPass {
  /** Messages that were recorded. */
  readonly formed: number;
  /** Ms until it is worth looking again; Infinity when nothing waits. */
  readonly nextMs: number;
}

/** Decides, checks and assigns the batches of one activity for every miner. */
export async function batchActivity(
  modules: SealingModules,
  activity: Activity,
  view: ChainView,
  signal: AbortSignal,
): Promise<BatchPass> {
  let formed = 0;
  let nextMs = Number.POSITIVE_INFINITY;
  const one = async (miner: MinerRow) => {
    const pass = await batchMiner(modules, activity, view, miner);
    formed += pass.formed;
    nextMs = Math.min(nextMs, pass.nextMs);
  };
  await inTurn(await listMiners(modules.db.kysely), one, signal);
  return { formed, nextMs };
}

async function batchMiner(
  modules: SealingModules,
  activity: Activity,
  view: ChainView,
  miner: MinerRow,
): Promise<BatchPass> {
  const now = await readServerTime(modules.db.kysely);
  const waiting = new Map<number, SectorRow>();
  for await (const sector of sectorsIn(modules.db.kysely, [activity.state], miner.id)) {
    waiting.set(sector.number, sector);
  }
  if (waiting.size === 0) return { formed: 0, nextMs: Number.POSITIVE_INFINITY };
  if (await holdBack(modules, activity.name, view, miner.id))
    return { formed: 0, nextMs: Number.POSITIVE_INFINITY };
  const pieces = await listPiecesOfSectors(modules.db.kysely, miner.id, [...waiting.keys()]);
  const withPieces = (sector: SectorRow): SectorWithPieces => ({
    sector,
    pieces: pieces.get(sector.number) ?? [],
  });
  const rules = rulesOf(modules, activity, miner.id, view.policy);
  const pauses: number[] = [];
  const members: BatchMember[] = [];
  for (const sector of waiting.values()) {
    const member = memberOf(modules, activity, view, withPieces(sector), now, rules);
    if (typeof member === 'number') pauses.push(member);
    else members.push(member);
  }
  const { batches, nextMs } = decideBatches(members, rules, view.head);
  let formed = 0;
  let standsStill: BeeproError | undefined;
  for (const batch of batches) {
    const sectors = batch.members.flatMap((number) => waiting.get(number) ?? []);
    try {
      const sent = await sendBatch(modules, activity, view, miner, batch, sectors.map(withPieces));
      if (sent) formed += 1;
    } catch (error) {
      // One batch that cannot be formed now holds up no other; it is formed again with the next pass.
      const failure = toBeeproError(error);
      standsStill = failure;
      modules.log.warn(
        { event: 'batch.failed', miner: miner.id, activity: activity.name, err: failure },
        failure.message,
      );
    }
  }
  await noteWait(modules, miner.id, activity.name, standsStill);
  return { formed, nextMs: Math.min(nextMs ?? Number.POSITIVE_INFINITY, ...pauses) };
}

/** The member, or the ms that it still has to pause after it was refused. */
function memberOf(
  modules: SealingModules,
  activity: Activity,
  view: ChainView,
  member: SectorWithPieces,
  now: Date,
  rules: BatchRules,
): BatchMember | number {
  const { sector } = member;
  const waitedMs = now.getTime() - sector.state_at.getTime();
  const refused = sector.recoveries[`${activity.name}.${activity.refusedKind}`] ?? 0;
  const retry = retryScale(modules.settings, sector.miner);
  const pauseMs = refused > 0 ? backoffMs(activity.refusedKind, refused, retry) : 0;
  if (waitedMs < pauseMs) return pauseMs - waitedMs;
  return {
    number: sector.number,
    sealProof: sector.seal_proof,
    waitedMs,
    lastEpoch: activity.lastEpoch(sector, view),
    bytes: activity.bytes(member),
    refusals: refused,
    ...(refused > 0
      ? { company: companyAfter(refused, triesOf(activity.refusedKind, retry), rules.max) }
      : {}),
  };
}

function rulesOf(
  modules: SealingModules,
  activity: Activity,
  miner: ActorId,
  policy: NetworkPolicy,
): BatchRules {
  const { settings } = modules;
  const { name } = activity;
  return {
    min: settings.get(`batch.${name}.min`, { miner }),
    max: Math.min(settings.get(`batch.${name}.max`, { miner }), policy.preCommitBatchMax),
    waitMs: settings.get(`batch.${name}.wait`, { miner }),
    slack: settings.get(`batch.${name}.slack`, { miner }),
    maxBytes: policy.maxMessageBytes - policy.messageEnvelopeBytes - FIXED_BYTES,
  };
}

/** Checks each member against the chain, then records the message and assigns its members in one transaction. */
async function sendBatch(
  modules: SealingModules,
  activity: Activity,
  view: ChainView,
  miner: MinerRow,
  batch: Batch,
  wanted: readonly SectorWithPieces[],
): Promise<boolean> {
  const members: SectorWithPieces[] = [];
  for (const member of wanted) {
    if (await activity.check(modules, view, member.sector)) members.push(member);
  }
  if (members.length === 0) return false;
  const value = await activity.collateral(modules, view, members);
  const { address: from } = await chooseSender(modules, {
    ...{ miner, purpose: activity.name, key: view.key },
    needed: value + modules.settings.get(`fee.${activity.name}.max`, { miner: miner.id }),
  });
  const params = toBase64(activity.params(modules, view, members));
  const message = await transaction(modules.db, async (trx) => {
    // Two coordinators must not batch the same sectors: members are read again under this lock, and taken in order.
    await lockMinerActivity(trx, miner.id, activity.name);
    for (const { sector } of members) {
      const now = await lockSector(trx, sector);
      if (now.state !== activity.state || now.comm_r !== sector.comm_r || now.proof !== sector.proof)
        return undefined;
    }
    const id = await insertMessage(
      trx,
      {
        miner: miner.id,
        purpose: activity.name,
        from_address: from,
        to_address: idAddress(miner.id, prefixOf(from)),
        method: activity.method,
        value,
        params,
        max_fee: modules.settings.get(`fee.${activity.name}.max`, { miner: miner.id }),
      },
      members.map(({ sector }) => ({ miner: sector.miner, number: sector.number })),
    );
    for (const { sector } of members) await applyEvent(trx, sector, activity.assigned(id));
    return id;
  });
  if (message === undefined) return false;
  killPoint('message.intent-committed');
  modules.log.info(
    {
      event: 'batch.formed',
      miner: miner.id,
      activity: activity.name,
      message,
      sectors: members.length,
      reason: batch.reason,
    },
    `${activity.name} batch of ${members.length}`,
  );
  return true;
}
