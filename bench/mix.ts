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
  type SealerClient,
  type SealerLease,
  SealerPool,
  type SealerSector,
} from '#sealer';
import { onDevice } from '#workers';
import { type Figure, report } from './report.ts';

/** Of the time that they take one after the other: two at once must be worth it. */
const TARGET_PERCENT = 90;

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
  readonly ready: () => (sealer: SealerClient) => Promise<unknown>;
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
  const alone = new Map<Job, Taken>();
  for (const job of [pc2, c2]) {
    const run = job.ready();
    const taken = await timed(first, () => run(first.client));
    alone.set(job, taken);
    figures.push({ name: `${job.name} alone`, value: taken.wall, unit: 's' });
    figures.push({ name: `${job.name} alone, CPU time`, value: taken.cpu, unit: 's' });
    say(`${job.name} alone: ${taken.wall.toFixed(1)} s`);
  }
  for (const [one, other] of [
    [pc2, pc2],
    [c2, c2],
    [pc2, c2],
  ] as const) {
    const [runOne, runOther] = [one.ready(), other.ready()];
    const { wall } = await timed(first, () => Promise.all([runOne(first.client), runOther(second.client)]));
    const inTurn = (alone.get(one)?.wall ?? 0) + (alone.get(other)?.wall ?? 0);
    const name = `${one.name} + ${other.name}`;
    figures.push({ name: `${name}, at once`, value: wall, unit: 's' });
    figures.push({ name: `${name}, one after the other`, value: inTurn, unit: 's' });
    figures.push({ name: `${name}, share`, value: (100 * wall) / inTurn, unit: '%', atMost: TARGET_PERCENT });
    say(`${name}: ${wall.toFixed(1)} s at once, ${inTurn.toFixed(1)} s one after the other`);
  }
  report('two slots', figures);
} finally {
  for (const lease of leases) await lease.kill();
  pool.close();
  rmSync(dir, { recursive: true, force: true });
}

async function timed(lease: SealerLease, work: () => Promise<unknown>): Promise<Taken> {
  const [since, cpu] = [performance.now(), cpuSeconds(lease.process.pid)];
  await work();
  return { wall: (performance.now() - since) / 1000, cpu: cpuSeconds(lease.process.pid) - cpu };
}

/** utime and stime of proc(5): clock ticks, which are hundredths of a second on Linux. */
function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function ask<O extends OpName>(sealer: SealerClient, op: O, params: OpParams[O]): Promise<OpResult<O>> {
  serial += 1;
  return (await sealer.request(op, params, { id: `mix-${serial}` })).result;
}

function newSector(name: string, size: SectorSizeName): SealerSector {
  const folder = join(dir, name);
  mkdirSync(folder);
  return { miner: MINER, number: 1, proof: sealProof(size, 'interactive').id, dir: folder };
}

async function preCommitted(sealer: SealerClient, size: SectorSizeName): Promise<SealerSector> {
  const sector = newSector(`sector-${size}`, size);
  await ask(sealer, 'add-piece', { sector, pieces: [] });
  await ask(sealer, 'pre-commit-1', { sector, ticket: TICKET, pieces: [] });
  return sector;
}

async function firstCommitted(sealer: SealerClient): Promise<{ path: string; sha256: string }> {
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
