import { type Batch, fitsMessage, messageLimit, type SectorWithPieces } from '#chain';
import type { SectorNumber } from '#core';
import { listPiecesOfSectors, listSectorsByNumber } from '#db';
import { moveSector } from '#sector';
import type { ChainView } from '../chain-view.ts';
import type { Activity, BatchPass } from './activity.ts';
import { assignBatch } from './assign.ts';
import { estimateBatch } from './estimate.ts';
import type { BatchQueue } from './queue.ts';

/**
 * Checks the members against the chain and has a node estimate them; sends off those that are good, in as many
 * messages as it takes, and the bad ones to their recovery. Returns how many messages were recorded.
 * @throws BeeproError what kept it from being decided: nobody's fault, and it is tried again
 */
export async function sendBatch(
  pass: BatchPass,
  activity: Activity,
  batch: Batch,
  signal: AbortSignal,
): Promise<number> {
  const { modules, miner } = pass;
  const members = await activity.check(pass, await readMembers(pass, activity, batch.members));
  if (members.length === 0) return 0;
  const from = await pass.sender(await activity.collateral(pass, members));
  const found = await estimateBatch(pass, activity, members, from, signal);
  let formed = 0;
  for (const { members: good, gas } of found.messages) {
    const message = await assignBatch(pass, activity, { members: good, from, gas, reason: batch.reason });
    if (message !== undefined) formed += 1;
  }
  for (const { member, error } of found.bad) {
    modules.log.warn(
      {
        ...{ event: 'batch.member-refused', miner: miner.id, activity: activity.name },
        ...{ sector: member.sector.number, code: error.code, estimates: found.estimates },
      },
      error.message,
    );
    await moveSector(modules, member.sector, activity.withheld(error.code, error.message));
  }
  if (found.stopped) throw found.stopped;
  return formed;
}

/** The sectors as they stand now, in the order of their numbers; those that have gone on meanwhile are left out. */
export async function readMembers(
  { modules, miner }: BatchPass,
  activity: Activity,
  numbers: readonly SectorNumber[],
): Promise<SectorWithPieces[]> {
  const { kysely } = modules.db;
  const rows = await listSectorsByNumber(kysely, miner.id, numbers);
  const withData = rows.filter(({ kind }) => kind === 'data').map(({ number }) => number);
  const pieces = await listPiecesOfSectors(kysely, miner.id, withData);
  return rows
    .filter(({ state }) => state === activity.state)
    .map((sector) => ({ sector, pieces: pieces.get(sector.number) ?? [] }));
}

/** The batch in parts that each fit a message with a proof for each sector: it may have been decided for an aggregate. */
export function splitApart(queue: BatchQueue, batch: Batch, max: number, view: ChainView): Batch[] {
  const room = { form: queue.activity.form, limit: messageLimit(view.policy) };
  const parts: SectorNumber[][] = [];
  let part: SectorNumber[] = [];
  let bytes = 0;
  for (const number of batch.members) {
    const sizes = queue.waiting.get(number);
    const added = (sizes?.manifestBytes ?? 0) + (sizes?.proofBytes ?? 0);
    if (part.length > 0 && (part.length >= max || !fitsMessage(room, part.length + 1, bytes + added))) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(number);
    bytes += added;
  }
  if (part.length > 0) parts.push(part);
  return parts.map((members) => ({ members, reason: batch.reason }));
}
