import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealProof } from '#core';
import { type Database, insertSector, saveMiner, savePledgeDecision, serverTimeIn, transaction } from '#db';
import { startRun } from '#sector';
import {
  createMigratedDatabase,
  createTestFolder,
  insertReportedWorkers,
  type MigratedDatabase,
  type TestFolder,
} from '#testing';
import { Cli } from './support/cli.ts';

let store: MigratedDatabase;
let folder: TestFolder;
let database: Database;
let cli: Cli;

beforeAll(async () => {
  store = await createMigratedDatabase();
  database = store.database;
  folder = await createTestFolder();
  cli = new Cli({
    BEEPRO_MYSQL_URL: store.options.url,
    BEEPRO_MYSQL_PASSWORD_FILE: store.options.passwordFile,
    BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
    BEEPRO_REDIS_PASSWORD_FILE: process.env.BEEPRO_REDIS_PASSWORD_FILE,
    BEEPRO_STATE_DIR: folder.path,
  });
  for (const id of [1000, 1001]) {
    await saveMiner(database.kysely, {
      ...{ id, network: 'test', sector_size: '2KiB', owner: 't0100', worker: 't0101' },
    });
  }
});

afterAll(async () => {
  await store.drop();
  await folder.remove();
});

/** A sector whose run waits in the fleet's queue, or in that of a host. */
async function waitingSector(number: number, worker: string | null): Promise<void> {
  await transaction(database, async (trx) => {
    const id = { miner: 1000, number };
    const state = worker === null ? 'AddPiece' : 'PreCommit1';
    const seal_proof = sealProof('2KiB', 'interactive').id;
    await insertSector(trx, { ...id, state, kind: 'cc', seal_proof, worker });
    await startRun(trx, id, worker, { phase: worker === null ? 'add-piece' : 'precommit1', delayMs: 0 });
  });
}

const stdout = async (...words: string[]): Promise<string> => (await cli.run(...words)).stdout;

/** The columns of a table begin where their titles do. */
function expectAligned(text: string, titles: readonly string[]): void {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => titles.every((title) => line.includes(title)));
  expect(at, `a line with ${titles.join(', ')} in\n${text}`).toBeGreaterThanOrEqual(0);
  const [head = '', row = ''] = lines.slice(at);
  const second = head.indexOf(titles[1] ?? '');
  expect(row.slice(second - 2, second)).toBe('  ');
}

describe('an installation without workers', () => {
  test('sched and why say what to do', async () => {
    expect(await stdout('sched')).toMatch(/^No worker yet\. Start one/);
    expect(await cli.json('sched')).toEqual({ classes: [], workers: [], left: 0 });
    expect(await cli.failure('sched', 'host-0')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
    await waitingSector(1, null);
    const why = await stdout('why', 't01000/1');
    expect(why).toMatch(/^Sector t01000\/1 waits for a worker that takes AP\.$/m);
    expect(why).toMatch(/^AP has been in the queue of all workers for .*, with nothing before it\.$/m);
    expect(why).toContain('There is no worker.');
  });
});

describe('one worker', () => {
  beforeAll(() => insertReportedWorkers(database, 1));

  test('sched shows its slots, what it could take, and why not more', async () => {
    const all = await stdout('sched');
    expectAligned(all, ['CLASS', 'WORKERS', 'SLOTS']);
    expectAligned(all, ['WORKER', 'CLASS', 'STATE', 'MEMORY']);
    expect(all).toMatch(/^host-0 .*PC1 3, PC2 1, Landing 1 .* 0\/14 /m);
    expect(all).toMatch(/^host-0 +GPU-0-\S+ +1 +PC2 +–$/m);
    expect(all).toMatch(/^host-0 +GPU-0-\S+ +2 +– +no PC2 or C2 waits$/m);
    const one = await stdout('sched', 'host-0');
    expect(one).toMatch(/^PC1 +3\/6 +– +yes$/m);
    expect(one).toMatch(/^Unseal +– +– +no: its limit for unseal is 0$/m);
    expect(await cli.json('sched', 'host-0')).toMatchObject({
      worker: 'host-0',
      away: false,
      slots: [{ use: 'precommit2' }, { idle: 'no PC2 or C2 waits' }],
    });
  });

  test('why names what the worker says, of its own queue and of everyone’s', async () => {
    await waitingSector(2, 'host-0');
    await waitingSector(3, 'host-0');
    expect(await cli.json('why', 't01000/3')).toMatchObject({
      waiting: 'PC1 on host-0, which holds its files',
      jobs: [
        {
          phase: 'precommit1',
          host: 'host-0',
          ahead: 1,
          candidates: { hosts: 1, shown: [{ worker: 'host-0', code: 'takes' }] },
        },
      ],
    });
    expect(await stdout('why', 't01000/1')).toMatch(/^host-0 +takes +it would take it now$/m);
    await database.kysely
      .updateTable('worker')
      .set({ heartbeat_at: serverTimeIn(-90_000) })
      .execute();
    expect(await stdout('why', 't01000/2')).toMatch(/^host-0 +away +it has been silent for 9\d s$/m);
    await database.kysely
      .updateTable('worker')
      .set({ heartbeat_at: serverTimeIn(0) })
      .execute();
  });

  test('a sector that waits for no worker has its sentence alone', async () => {
    await insertSector(database.kysely, {
      ...{ miner: 1000, number: 9, state: 'PreCommitBatching', kind: 'cc', seal_proof: 5 },
    });
    expect((await stdout('why', 't01000/9')).trim().split('\n')).toEqual([
      'Sector t01000/9 waits for a pre-commit batch that is full, due or urgent.',
    ]);
    expect(await cli.failure('why', 't01000/77')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
  });
});

describe('two thousand workers', () => {
  beforeAll(() => insertReportedWorkers(database, 2_000));

  test('sched sums them up by class, and names the troubled first', async () => {
    await cli.json('setting', 'set', 'worker.class', 'big', '--scope', 'worker:host-5');
    const text = await stdout('sched', '--limit', '10');
    expect(text.split('\n').length).toBeLessThan(50);
    expect(text).toMatch(/^– +1999 /m);
    expect(text).toMatch(/^big +1 /m);
    expect(text).toMatch(/^… and 1990 more: --limit 2000/m);
    expect(text).toMatch(/^host-10 .*active, away/m);
    const { workers, left } = (await cli.json('sched', '--class', 'big')) as {
      workers: { worker: string }[];
      left: number;
    };
    expect([workers.map(({ worker }) => worker), left]).toEqual([['host-5'], 0]);
  });

  test('why counts them all and names the nearest', async () => {
    const text = await stdout('why', 't01000/1', '--limit', '5');
    expect(text).toMatch(/^2000 workers: \d+ takes, .*\d+ max-sectors, .*\d+ not-active, \d+ away$/m);
    expect(text).toMatch(/^… and 1995 more: --limit 2000$/m);
    const { jobs } = (await cli.json('why', 't01000/1')) as {
      jobs: { candidates: { counts: { hosts: number }[]; shown: unknown[] } }[];
    };
    const [job] = jobs;
    expect(job?.candidates.counts.reduce((sum, { hosts }) => sum + hosts, 0)).toBe(2_000);
    expect(job?.candidates.shown).toHaveLength(10);
  });
});

describe('pledge', () => {
  test('on for one, on for all, off for all', async () => {
    const states = async () => {
      const shown = (await cli.json('pledge', 'show')) as { miner: number; enabled: boolean; from: string }[];
      return shown.map(({ miner, enabled, from }) => [miner, enabled, from]);
    };
    expect(await states()).toEqual([
      [1000, false, 'default'],
      [1001, false, 'default'],
    ]);
    await cli.json('pledge', 'on', '--miner', 't01000');
    expect(await states()).toEqual([
      [1000, true, 'miner:1000'],
      [1001, false, 'default'],
    ]);
    expect(await cli.json('pledge', 'off')).toMatchObject({ changed: true, auto: false });
    expect((await states()).map(([, enabled]) => enabled)).toEqual([false, false]);
    // What was switched off by name stays off, and is said to.
    expect(await stdout('pledge', 'on')).toContain('Not t01000, for which it is off');
    expect((await states()).map(([, enabled]) => enabled)).toEqual([false, true]);
    expect(await cli.json('pledge', 'on')).toMatchObject({ changed: false, off: [1000] });
    expect(await cli.failure('pledge', 'show', '--miner', 't09')).toMatchObject({ code: 'MINER_UNKNOWN' });
  });

  test('show tells the last decision, its reason, counts and money', async () => {
    expect(await stdout('pledge', 'show', '--miner', 't01001')).toContain('no sealing role has decided yet');
    await savePledgeDecision(database.kysely, {
      miner: 1001,
      pledged: 3,
      reason: '3 could begin now, 0 wait to be begun',
      facts: {
        ...{ inFlight: 7, parked: 2, unbegun: 0, wanted: 3, hosts: 12, sectorCost: '150000000000000000' },
        ...{ available: '0', wallet: 't1abc', walletBalance: '5000000000000000000', owed: '0' },
        ...{ free: '5000000000000000000', floor: '0' },
      },
    });
    const text = await stdout('pledge', 'show', '--miner', 't01001');
    expect(text).toMatch(/^last decision +.* ago: 3 pledged$/m);
    expect(text).toMatch(/^reason +3 could begin now, 0 wait to be begun$/m);
    expect(text).toMatch(/^in flight +7, 2 of them parked, at most any number$/m);
    expect(text).toMatch(/^could begin +3 on 12 workers$/m);
    expect(text).toMatch(/^a sector costs +0\.15 FIL$/m);
    expect(text).toMatch(/^wallet +5 FIL in t1abc$/m);
    // Where no money was read, none is shown.
    await savePledgeDecision(database.kysely, { miner: 1001, pledged: 0, reason: 'off', facts: {} });
    expect(await stdout('pledge', 'show', '--miner', 't01001')).not.toContain('a sector costs');
  });
});
