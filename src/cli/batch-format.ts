import type { ChainApi } from '#chain';
import type { Settings } from '#config';
import { type ActorId, BeeproError, formatFil } from '#core';
import { countSectorsByState, type Database, type Executor, findMiner, listMiners, orderBatch } from '#db';
import { type BatchLine, readBatchOutlook } from '#roles';
import { type JsonOption, printLine, printRows } from './command-io.ts';
import { formatDuration } from './output/index.ts';

const WAITS_IN = { precommit: 'PreCommitBatching', commit: 'CommitBatching' } as const;
type Kind = keyof typeof WAITS_IN;

export async function listBatchLines(
  modules: { readonly db: Executor; readonly settings: Settings; readonly chain: ChainApi },
  options: JsonOption & { readonly miner?: ActorId },
): Promise<void> {
  if (options.miner !== undefined) await requireMiner(modules.db, options.miner);
  const { lines, chainError } = await readBatchOutlook(modules, options.miner);
  printRows(
    lines,
    [
      { title: 'MINER', value: (line) => `t0${line.miner}` },
      { title: 'KIND', value: (line) => line.kind },
      { title: 'PROOF', value: (line) => line.sealProof, align: 'right' },
      { title: 'SECTORS', value: (line) => line.sectors, align: 'right' },
      { title: 'MESSAGES', value: (line) => line.messages, align: 'right' },
      { title: 'WAITED', value: (line) => formatDuration(line.waitedMs), align: 'right' },
      { title: 'LEAVES IN', value: leavesIn, align: 'right' },
      { title: 'LATEST EPOCH', value: (line) => line.latestEpoch, align: 'right' },
      {
        title: 'COST NOW',
        value: (line) => (line.costNow === null ? null : formatFil(line.costNow)),
        align: 'right',
      },
      { title: 'WHY', value: (line) => line.why },
      { title: 'BLOCKED BY', value: (line) => line.blockedBy },
    ],
    { ...options, none: 'Nothing waits for a batch.', fit: true },
  );
  if (chainError) process.stderr.write(`without the chain, so no cost is known: ${chainError.message}\n`);
}

function leavesIn({ leavesInMs }: BatchLine): string | null {
  if (leavesInMs === null) return null;
  return leavesInMs === 0 ? 'now' : formatDuration(leavesInMs);
}

/** @throws BeeproError `MINER_UNKNOWN` */
export async function orderBatches(
  { kysely }: Database,
  order: JsonOption & { readonly miner?: ActorId; readonly kinds: readonly Kind[]; readonly who: string },
): Promise<void> {
  const miners =
    order.miner === undefined
      ? (await listMiners(kysely)).map(({ id }) => id)
      : [await requireMiner(kysely, order.miner)];
  const counts = await countSectorsByState(kysely, order.miner);
  const rows: { miner: string; kind: Kind; sectors: number }[] = [];
  for (const miner of miners) {
    for (const kind of order.kinds) {
      await orderBatch(kysely, miner, kind, order.who);
      const waiting = counts.find((count) => count.miner === miner && count.state === WAITS_IN[kind]);
      rows.push({ miner: `t0${miner}`, kind, sectors: Number(waiting?.sectors ?? 0) });
    }
  }
  printRows(
    rows,
    [
      { title: 'MINER', value: (row) => row.miner },
      { title: 'KIND', value: (row) => row.kind },
      { title: 'SECTORS', value: (row) => row.sectors, align: 'right' },
    ],
    { ...order, none: 'There is no miner.' },
  );
  if (!order.json && rows.length > 0) printLine('They leave with the next pass of the sealing role.');
}

async function requireMiner(db: Executor, miner: ActorId): Promise<ActorId> {
  if (!(await findMiner(db, miner))) throw new BeeproError('MINER_UNKNOWN', { miner: `t0${miner}` });
  return miner;
}
