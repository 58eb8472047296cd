import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PHASE_NAMES } from '#core';
import { LocalInstallation } from '#local';
import { pledgeSectors } from '#sector';
import type { Figure } from '../report.ts';
import { CountingProxy } from './counting-proxy.ts';
import { BATCH } from './world.ts';

const TARGET = 12;
const BLOCK_MS = 1_000;
const WITHIN_MS = 15 * 60_000;

/**
 * Asked by the clock, whatever the sectors: the head for each look at it, the network's rules and who the node is, for
 * health. On a network with 30 s epochs they are so many an epoch, for all sectors together.
 */
const BY_CLOCK: ReadonlySet<string> = new Set([
  ...['ChainHead', 'ChainGetTipSetByHeight', 'ChainGetGenesis', 'Version', 'ID'],
  ...['StateNetworkVersion', 'StateNetworkName', 'StateGetNetworkParams', 'SyncState', 'NodeStatus'],
]);

/** A batch of sectors from their pledge to Proving, with stand-in proofs, through a proxy that counts. */
export async function countLife(): Promise<Figure[]> {
  const dir = mkdtempSync(join(process.env.BEEPRO_RUN_DIR ?? tmpdir(), 'chain-life-'));
  await using proxy = await CountingProxy.start();
  const installation = new LocalInstallation({
    env: { ...process.env },
    dir,
    sectorSize: '2KiB',
    blockTimeMs: BLOCK_MS,
    replay: { profile: join(import.meta.dirname, 'machine.json'), speed: 1, seed: 'chain' },
    settings: [
      ...PHASE_NAMES.map((phase) => [`worker.limit.${phase}`, '*', '8'] as const),
      ['worker.devices', '*', 'cpu:0 cores=0 slots=8'],
      ['worker.memory_keep_free', '*', '0'],
      ['worker.scratch_keep_free', '*', '0'],
      ['batch.precommit.min', '*', String(BATCH)],
      ['batch.precommit.max', '*', String(BATCH)],
      ['batch.precommit.wait', '*', '1h'],
      ['batch.commit.min', '*', String(BATCH)],
      ['batch.commit.max', '*', String(BATCH)],
      ['batch.commit.wait', '*', '1h'],
      ['chain.poll_interval', '*', '5s'],
      ['chain.nodes', '*', `${proxy.url} token=file:${join(dir, 'chain', 'token')}`],
    ],
  });
  try {
    await installation.startChain();
    const [node] = installation.chainApis;
    if (!node) throw new Error('the chain has no node');
    proxy.target = new URL(node.url).host;
    await installation.configure();
    await Promise.all([installation.startSealing().ready(), installation.startWorker('box').ready()]);
    await using modules = await installation.open();
    proxy.counts.clear();
    const began = performance.now();
    await pledgeSectors(modules, { miner: installation.miner, count: BATCH });
    await allProving(modules, installation.miner);
    const epochs = (performance.now() - began) / BLOCK_MS;
    return figuresOf(proxy.counts, epochs);
  } finally {
    await installation.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function allProving(
  modules: Awaited<ReturnType<LocalInstallation['open']>>,
  miner: number,
): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    const rows = await modules.db.kysely
      .selectFrom('sector')
      .select(['state', 'number', 'parked_reason'])
      .where('miner', '=', miner)
      .execute();
    const parked = rows.find((row) => row.state === 'Parked');
    if (parked) throw new Error(`sector ${parked.number} is parked: ${parked.parked_reason}`);
    if (rows.length === BATCH && rows.every((row) => row.state === 'Proving')) return;
    if (performance.now() > deadline) throw new Error(`too late: ${rows.map((row) => row.state).join(' ')}`);
    await sleep(1_000);
  }
}

function figuresOf(counts: ReadonlyMap<string, number>, epochs: number): Figure[] {
  const sorted = [...counts].toSorted((a, b) => b[1] - a[1]);
  const sum = (entries: readonly (readonly [string, number])[]) =>
    entries.reduce((total, [, count]) => total + count, 0);
  const clock = sorted.filter(([method]) => BY_CLOCK.has(method));
  const sectors = sorted.filter(([method]) => !BY_CLOCK.has(method));
  process.stderr.write(
    `calls of ${BATCH} sectors' lives: ${sectors.map(([name, count]) => `${name} ${count}`).join(', ')}\n`,
  );
  process.stderr.write(`by the clock: ${clock.map(([name, count]) => `${name} ${count}`).join(', ')}\n`);
  return [
    {
      name: 'calls of a sector’s life',
      value: sum(sectors) / BATCH,
      unit: '',
      atMost: TARGET,
      samples: BATCH,
    },
    { name: 'calls by the clock, an epoch', value: sum(clock) / epochs, unit: '' },
  ];
}
