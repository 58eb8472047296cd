/**
 * What the system adds to the sealer's own time, a phase: from the commit of its last input (for Commit1 the
 * arrival of the tipset that enables it) to the sealer's start, plus from the sealer's answer to the commit of its
 * acceptance. Sectors are sealed one after another on an otherwise idle installation, with real proofs.
 *
 *   npm run bench:overhead -- [--sectors N] [--json] [--check]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { followHead } from '#chain';
import { PHASES, type Phase, SEALING_PHASES, type SectorId } from '#core';
import { findSector, listRunsOfSector, type PhaseRunRow } from '#db';
import { LocalInstallation, type LocalModules } from '#local';
import { pledgeSectors } from '#sector';
import { type Figure, median, report } from './report.ts';

const TARGET_MS = 150;
const SECTOR_WITHIN_MS = 15 * 60_000;

const { values } = parseArgs({
  options: {
    sectors: { type: 'string', default: '3' },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
});

const dir = mkdtempSync(join(process.env.BEEPRO_RUN_DIR ?? tmpdir(), 'overhead-'));
const { BEEPRO_C2_MEMO_DIR: _, ...env } = process.env;
const installation = new LocalInstallation({ env, dir, sectorSize: '2KiB', blockTimeMs: 500 });
try {
  await installation.startChain();
  await installation.configure();
  await Promise.all([installation.startSealing().ready(), installation.startWorker('bench').ready()]);
  await using modules = await installation.open();
  const stop = new AbortController();
  const arrivals = watchArrivals(modules, stop.signal);
  const overheads = new Map<Phase, number[]>();
  for (let i = 0; i < Number(values.sectors); i += 1) {
    const [number = 0] = await pledgeSectors(modules, { miner: installation.miner, count: 1 });
    const id = { miner: installation.miner, number };
    await sealed(modules, id);
    const sector = await findSector(modules.db.kysely, id);
    const confidence = modules.settings.get('chain.confidence.seed');
    const enabled = arrivals.get((sector?.seed_epoch ?? 0) + confidence);
    for (const run of await listRunsOfSector(modules.db.kysely, id, ['done'])) {
      const ms = overhead(run, run.phase === 'commit1' ? enabled : undefined);
      if (ms !== undefined) overheads.set(run.phase, [...(overheads.get(run.phase) ?? []), ms]);
    }
  }
  stop.abort();
  const figures: Figure[] = SEALING_PHASES.map((phase) => {
    const samples = overheads.get(phase) ?? [];
    return {
      name: PHASES[phase].label,
      value: median(samples),
      unit: 'ms',
      atMost: TARGET_MS,
      samples: samples.length,
    };
  });
  report('overhead a phase, median', figures);
} finally {
  await installation.stop();
}
rmSync(dir, { recursive: true, force: true });

function overhead(run: PhaseRunRow, enabledAt: number | undefined): number | undefined {
  if (!run.started_at || !run.answered_at || !run.finished_at) return undefined;
  const runnable = enabledAt ?? run.runnable_at.getTime();
  return run.started_at.getTime() - runnable + (run.finished_at.getTime() - run.answered_at.getTime());
}

/** When the tipset of each epoch was announced, in ms since 1970: what enables Commit1. */
function watchArrivals(modules: LocalModules, signal: AbortSignal): ReadonlyMap<number, number> {
  const arrivals = new Map<number, number>();
  void (async () => {
    for await (const change of followHead(modules.chain, { signal })) {
      if (change.type === 'apply' && !arrivals.has(change.val.height))
        arrivals.set(change.val.height, Date.now());
    }
  })();
  return arrivals;
}

async function sealed(modules: LocalModules, id: SectorId): Promise<void> {
  const deadline = performance.now() + SECTOR_WITHIN_MS;
  for (;;) {
    const sector = await findSector(modules.db.kysely, id);
    if (sector?.state === 'Proving') return;
    if (sector?.state === 'Parked' || performance.now() > deadline) {
      throw new Error(
        `the sector is ${sector?.state}: ${sector?.parked_reason ?? 'too late'}; logs in ${installation.logsDir}`,
      );
    }
    await sleep(500);
  }
}
