/**
 * Every mix of PC2 and C2 on two slots: the wall time of two at once against one after the other. Two CPU devices, each
 * with half of this machine's cores, and the real sealer: what a slot's resident process is on a GPU, it is here on its
 * cores. PC2 is of an 8 MiB sector, several in a row beside C2, which is of a 2 KiB one.
 *
 *   npm run bench:mix -- [--pc2 N] [--json] [--check]
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { allowedCores, BeeproError, formatCoreSet, type SectorSizeName, sealProof } from '#core';
import {
  type OpName,
  type OpParams,
  type OpResult,
  type SealerConnection,
  type SealerLease,
  SealerPool,
  type SealerSector,
} from '#sealer';
import { onDevice } from '#workers';
import { type Figure, report } from './report.ts';

/** Of the time that they take one after the other: two at once must be worth it. */
const TARGET_PERCENT = 90;
/** CPU seconds a second, below which other work had the cores. */
const QUIET = 0.8;

const { values } = parseArgs({
  options: {
    pc2: { type: 'string', default: '4' },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
});
const inARow = Number(values.pc2);
if (!Number.isSafeInteger(inARow) || inARow < 1) {
  throw new BeeproError('INPUT_INVALID', { what: '--pc2', detail: 'it is a number from 1 up' });
}

const MINER = 1000;
const [TICKET, SEED] = ['01'.repeat(32), '02'.repeat(32)];
const dir = mkdtempSync(join(process.env.BEEPRO_RUN_DIR ?? tmpdir(), 'mix-'));
const cores = allowedCores();
if (cores.length < 2)
  throw new BeeproError('INPUT_INVALID', { what: 'This machine', detail: 'it needs two cores' });
const half = Math.floor(cores.length / 2);
const DEVICES = [cores.slice(0, half), cores.slice(half)].map((own, index) => ({
  id: `cpu:${index}`,
  kind: 'cpu' as const,
  cores: formatCoreSet(own),
}));

const bin = process.env.BEEPRO_SEALER_BIN ?? '';
const pool = await SealerPool.open(
  {
    dir: join(dir, 'sealers'),
    program: (_class, seat) => {
      const device = DEVICES.find(({ id }) => id === seat?.device);
      return device ? onDevice({ bin }, device, join(dir, 'devices')) : { bin };
    },
    idleExitS: 60,
  },
  new Set(),
);

/** What one slot does. `ready` makes its input, which is not timed. */
interface Job {
  readonly name: string;
  readonly ready: () => (sealer: SealerConnection) => Promise<unknown>;
}
/** Seconds. */
interface Taken {
  readonly wall: number;
  readonly cpu: number;
}

let serial = 0;
const leases: SealerLease[] = [];
try {
  for (const { id: device } of DEVICES)
    leases.push(await (await pool.reserveSeat({ device, slot: 0 })).open());
  const [first, second] = leases;
  if (!first || !second) throw new BeeproError('INTERNAL', { detail: 'there are not two slots' });
  say('preparing: PC1 of an 8 MiB sector, C1 of a 2 KiB one');
  const replica = await preCommitted(first.client, '8MiB');
  const c1 = await firstCommitted(first.client);

  const c2: Job = {
    name: 'C2',
    ready: () => (sealer) => ask(sealer, 'commit-2', { miner: MINER, number: 1, c1 }),
  };
  const pc2: Job = {
    name: inARow === 1 ? 'PC2' : `${inARow} × PC2`,
    ready: () => {
      const sectors = copies(replica, inARow);
      return async (sealer) => {
        for (const sector of sectors) await ask(sealer, 'pre-commit-2', { sector, ticket: TICKET });
      };
    },
  };
  const figures: Figure[] = [];
  for (const jobs of [
    [pc2, pc2],
    [c2, c2],
    [pc2, c2],
  ] as const) {
    const name = jobs.map((job) => job.name).join(' + ');
    const inTurn: Taken[] = [];
    for (const [index, lease] of [first, second].entries())
      inTurn.push(await timed([lease], [jobs[index] ?? c2]));
    const atOnce = await timed([first, second], jobs);
    const sum = inTurn.reduce((total, { wall }) => total + wall, 0);
    figures.push({ name: `${name}, one after the other`, value: sum, unit: 's' });
    figures.push({ name: `${name}, at once`, value: atOnce.wall, unit: 's' });
    figures.push({
      name: `${name}, share`,
      value: (100 * atOnce.wall) / sum,
      unit: '%',
      atMost: TARGET_PERCENT,
    });
    const [one, other] = inTurn.map(({ wall, cpu }) => `${wall.toFixed(1)} s (CPU ${cpu.toFixed(1)} s)`);
    say(
      `${name}: ${one}, then ${other}; at once ${atOnce.wall.toFixed(1)} s (CPU ${atOnce.cpu.toFixed(1)} s)`,
    );
    // A slot of one core computes all the time: what it did not get, others had.
    const got = inTurn.reduce((total, { cpu }) => total + cpu, 0) / sum;
    if (got < QUIET)
      say(`  this machine was busy with other work: figures of different moments compare badly`);
  }
  report('two slots', figures);
} finally {
  for (const lease of leases) await lease.kill();
  pool.close();
  rmSync(dir, { recursive: true, force: true });
}

/** Each job on its slot, all at once. */
async function timed(slots: readonly SealerLease[], jobs: readonly Job[]): Promise<Taken> {
  const work = jobs.map((job) => job.ready());
  const used = () => slots.reduce((sum, { process }) => sum + cpuSeconds(process.pid), 0);
  const [since, cpu] = [performance.now(), used()];
  await Promise.all(slots.map(({ client }, index) => work[index]?.(client)));
  return { wall: (performance.now() - since) / 1000, cpu: used() - cpu };
}

/** utime and stime of proc(5): clock ticks, which are hundredths of a second on Linux. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function ask<O extends OpName>(
  sealer: SealerConnection,
  op: O,
  params: OpParams[O],
): Promise<OpResult<O>> {
  serial += 1;
  return (await sealer.request(op, params, { id: `mix-${serial}` })).result;
}

function newSector(name: string, size: SectorSizeName): SealerSector {
  const folder = join(dir, name);
  mkdirSync(folder);
  return { miner: MINER, number: 1, proof: sealProof(size, 'interactive').id, dir: folder };
}

async function preCommitted(sealer: SealerConnection, size: SectorSizeName): Promise<SealerSector> {
  const sector = newSector(`sector-${size}`, size);
  await ask(sealer, 'add-piece', { sector, pieces: [] });
  await ask(sealer, 'pre-commit-1', { sector, ticket: TICKET, pieces: [] });
  return sector;
}

async function firstCommitted(sealer: SealerConnection): Promise<{ path: string; sha256: string }> {
  const sector = await preCommitted(sealer, '2KiB');
  const { comm_r, comm_d } = await ask(sealer, 'pre-commit-2', { sector, ticket: TICKET });
  const { c1 } = await ask(sealer, 'commit-1', { sector, ticket: TICKET, seed: SEED, comm_r, comm_d });
  return { path: c1.path, sha256: c1.sha256 };
}

/** PC2 encodes in place: each needs a replica that PC1 has just made. A directory may be moved between runs. */
function copies(sector: SealerSector, count: number): readonly SealerSector[] {
  return Array.from({ length: count }, () => {
    serial += 1;
    const folder = join(dir, `copy-${serial}`);
    cpSync(sector.dir, folder, { recursive: true });
    return { ...sector, dir: folder };
  });
}

function say(text: string): void {
  if (!values.json) process.stderr.write(`${text}\n`);
}
