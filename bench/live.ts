/**
 * One small fleet, run live by the production agent, coordinator and automatic pledging with stand-in sealers at a
 * time scale, beside the simulation of the same fleet: sectors per day must agree.
 *
 *   npm run bench:live -- [--speed 600] [--waves 10] [--json] [--check]
 *
 * A wave is as many sectors as PC1 may run at once: the first two fill the pipeline and are not counted, then so many
 * are, from the first sector's proving to the last one's.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Database } from '#db';
import { LocalInstallation } from '#local';
import { readProfile } from '#replay';
import { simulate } from './fleet/simulate.ts';
import { type Fleet, parseFleet } from './fleets/fleet-schema.ts';
import { report } from './report.ts';

/** In percent of the simulation's sectors per day. */
const TARGET = 3;
const DAY_MS = 86_400_000;
/** Waves that fill the pipeline. */
const FILLING = 2;
/** Of the embedded chain: it makes an epoch of half a second. */
const BLOCK_MS = 500;
const LOOK_MS = 1_000;

const { values } = parseArgs({
  options: {
    speed: { type: 'string', default: '600' },
    waves: { type: 'string', default: '10' },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
});
const speed = Number(values.speed);
const waves = Number(values.waves);

const PROFILE = join(import.meta.dirname, 'live/machine.json');
const profile = readProfile(PROFILE);
const given = JSON.parse(readFileSync(join(import.meta.dirname, 'live/fleet.json'), 'utf8'));
// The chain's times are real ones here; to the machine, which is played so much faster, they are longer.
const scaled = { epochS: (BLOCK_MS / 1_000) * speed, lookS: (LOOK_MS / 1_000) * speed };
const fleet = parseFleet({ ...given, chain: { ...given.chain, ...scaled } });

const simulated = meanPerDay(fleet);
const { perDay, sectors } = await live(fleet);
report(`live beside simulated at 1:${speed}, load ${loadavg()[0]?.toFixed(1)}`, [
  { name: 'simulated', value: simulated, unit: 'sectors/day' },
  { name: 'live', value: perDay, unit: 'sectors/day', samples: sectors },
  {
    name: 'difference',
    value: (Math.abs(perDay - simulated) / simulated) * 100,
    unit: '%',
    atMost: TARGET,
  },
]);

function meanPerDay(fleet: Fleet): number {
  const profiles = new Map([[profile.name, profile]]);
  const runs = Array.from({ length: fleet.replicas }, (_, seed) =>
    simulate({ fleet, profiles, seed: seed + 1, failing: false, policy: 'beepro' }),
  );
  return runs.reduce((sum, run) => sum + run.perDay, 0) / runs.length;
}

/** Sectors per day of the played machine. */
async function live(fleet: Fleet): Promise<{ perDay: number; sectors: number }> {
  const [box] = fleet.classes;
  if (!box) throw new Error('the fleet has no machine');
  const dir = mkdtempSync(join(process.env.BEEPRO_RUN_DIR ?? tmpdir(), 'live-'));
  const installation = new LocalInstallation({
    env: { ...process.env },
    dir,
    sectorSize: '2KiB',
    blockTimeMs: BLOCK_MS,
    replay: { profile: PROFILE, speed, seed: 'live' },
    settings: [
      ...Object.entries(box.limits).map(
        ([phase, limit]) => [`worker.limit.${phase}`, '*', String(limit)] as const,
      ),
      ['worker.max_sectors', '*', String(box.maxSectors)],
      [
        'worker.devices',
        '*',
        box.devices.map((device, i) => `cpu:${i} cores=0 slots=${device.slots}`).join(', '),
      ],
      ['chain.confidence.seed', '*', String(fleet.chain.seedConfidence)],
      ['chain.poll_interval', '*', `${LOOK_MS}ms`],
      ['pledge.interval', '*', '500ms'],
      ['pledge.auto', '*', 'true'],
    ],
  });
  try {
    await installation.startChain();
    await installation.configure();
    await Promise.all([installation.startSealing().ready(), installation.startWorker('box').ready()]);
    await using modules = await installation.open();
    const wave = box.limits.precommit1;
    const times = await provings(modules.db, wave * (FILLING + waves) + 1);
    const [first = 0] = times.slice(wave * FILLING);
    const last = times.at(-1) ?? 0;
    return { perDay: (wave * waves * DAY_MS) / ((last - first) * speed), sectors: wave * waves };
  } finally {
    await installation.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** When each of the first `count` sectors was proven, in ms by the server's clock, in that order. */
async function provings(database: Database, count: number): Promise<number[]> {
  let seen = 0;
  for (;;) {
    const rows = await database.kysely
      .selectFrom('sector')
      .select(['state', 'state_at', 'parked_reason'])
      .where('state', 'in', ['Proving', 'Parked'])
      .orderBy('state_at')
      .execute();
    const parked = rows.find((row) => row.state === 'Parked');
    if (parked) throw new Error(`a sector is parked: ${parked.parked_reason}`);
    if (rows.length >= count) return rows.slice(0, count).map((row) => row.state_at.getTime());
    if (rows.length > seen) process.stderr.write(`\r${rows.length} of ${count} sectors `);
    seen = rows.length;
    await sleep(1_000);
  }
}
