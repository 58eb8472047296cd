import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PHASE_NAMES, type Phase, type SectorId } from '#core';
import { findWorker, listRunsOfSector, pauseQueue, resumeQueue, setWorkersState } from '#db';
import { waitFor } from '#testing';
import type { HostAgent } from '#workers';
import { stays } from '../settings/support/observation.ts';
import { createFleet, type Fleet } from './support/fleet.ts';

const HOST = 'host-a';
/** From the commit of the operator's word to its effect: the promise, and a machine under load. */
const WITHIN = { deadlineMs: 10_000 };

let fleet: Fleet;
let agent: HostAgent;
let number = 0;

beforeAll(async () => {
  fleet = await createFleet({ pollMs: 100 });
  agent = await fleet.startAgent({
    class: () => fleet.settings.get('worker.class', { worker: HOST }),
  });
});
beforeEach(async () => {
  await fleet.database.kysely.deleteFrom('setting').execute();
  await fleet.database.kysely.deleteFrom('queue_pause').execute();
  await setWorkersState(fleet.database.kysely, [HOST], 'active');
  await fleet.settings.refresh();
  await waitFor(() => agent.choice?.refusals.every(({ code }) => code !== 'paused' && code !== 'not-active'));
});
afterAll(() => fleet.close());

const limit = async (phase: Phase, value: string, scope = '*') => {
  await fleet.set(`worker.limit.${phase}`, scope, value);
  await fleet.settings.refresh();
};
const sector = () => {
  number += 1;
  return fleet.addSector(number);
};
const claims = async (id: SectorId, phase: Phase) =>
  (await listRunsOfSector(fleet.database.kysely, id)).filter((run) => run.phase === phase && run.claim > 0)
    .length;
const refused = (phase: Phase) => agent.choice?.refusals.find((one) => one.phase === phase);

describe('drain', () => {
  test('a drained worker finishes what it has and begins nothing', async () => {
    await limit('add-piece', '1');
    const here = await sector();
    await fleet.untilState(here, 'PreCommit1');
    await setWorkersState(fleet.database.kysely, [HOST], 'draining');
    await waitFor(() => refused('add-piece')?.code === 'not-active', WITHIN);

    const next = await sector();
    for (const phase of PHASE_NAMES) if (phase !== 'commit2') await limit(phase, '1');
    // What lies here goes on to its landing, phase after phase.
    await fleet.untilState(here, 'PreCommitBatching');
    await fleet.preCommit(here);
    await waitFor(async () => (await fleet.sector(here)).landed_at !== null, { what: 'the landing' });
    await stays('not begun', async () => (await claims(next, 'add-piece')) === 0);
    const report = async () => (await findWorker(fleet.database.kysely, HOST))?.report;
    await waitFor(async () => (await report())?.wants === 0, WITHIN);

    await setWorkersState(fleet.database.kysely, [HOST], 'active');
    await waitFor(async () => (await claims(next, 'add-piece')) === 1, WITHIN);
    await fleet.untilState(next, 'PreCommitBatching');
  });
});

describe('a pause of one phase on one worker', () => {
  test.each<[Phase, string]>([
    ['add-piece', 'add-piece is paused here'],
    ['precommit1', 'the queue precommit1@host-a is paused'],
  ])(
    '%s: in force within 2 s, other phases go on, and it goes on when it is lifted',
    async (phase, reason) => {
      const { kysely } = fleet.database;
      await limit('add-piece', '1');
      await limit('precommit1', '1');
      await pauseQueue(kysely, `${phase}@${HOST}`, 'test');
      await waitFor(() => refused(phase)?.code === 'paused', { ...WITHIN, what: 'the pause' });
      expect(refused(phase)?.reason).toBe(reason);
      const id = await sector();
      if (phase === 'precommit1') await fleet.untilState(id, 'PreCommit1');
      await stays('paused', async () => (await claims(id, phase)) === 0);
      await resumeQueue(kysely, `${phase}@${HOST}`);
      await waitFor(async () => (await claims(id, phase)) === 1, WITHIN);
      await fleet.untilState(id, 'PreCommit2');
    },
  );

  test('of another worker changes nothing here', async () => {
    await pauseQueue(fleet.database.kysely, 'add-piece@host-b', 'test');
    await limit('add-piece', '1');
    await fleet.untilState(await sector(), 'PreCommit1');
  });
});

describe('limits by class', () => {
  const inForce = async () => (await agent.view()).limits.unseal;

  test('the worker’s own goes before its class’s, and that before everyone’s', async () => {
    await limit('unseal', '1');
    await limit('unseal', '5', 'class:big');
    expect(await inForce()).toBe(1);
    await fleet.set('worker.class', `worker:${HOST}`, 'big');
    await fleet.settings.refresh();
    expect(await inForce()).toBe(5);
    await limit('unseal', '2', `worker:${HOST}`);
    expect(await inForce()).toBe(2);
    await limit('unseal', '9', 'worker:host-b');
    expect(await inForce()).toBe(2);
  });

  test.each(['-1', '1.5', 'lots'])(
    '%s, set by plain SQL, leaves the last valid value in force',
    async (value) => {
      await limit('unseal', '3');
      await limit('unseal', value);
      expect(await inForce()).toBe(3);
      expect(fleet.settings.invalid).toMatchObject([{ name: 'worker.limit.unseal', text: value }]);
      await limit('unseal', '4');
      expect(await inForce()).toBe(4);
      expect(fleet.settings.invalid).toEqual([]);
    },
  );
});

describe('what a decision is taken from', () => {
  test('memory of the machine and of what runs, room on the workspace’s disk, sectors here', async () => {
    const before = await agent.view();
    expect(before.memory?.total).toBeGreaterThan(2 ** 30);
    expect(before.scratch).toMatchObject({ keepFree: 2 ** 30, newSector: expect.any(Number) });
    await limit('add-piece', '1');
    await fleet.untilState(await sector(), 'PreCommit1');
    const after = await agent.view();
    expect(after.sectors).toBe(before.sectors + 1);
    expect(after.scratch?.reserved).toBeGreaterThan(before.scratch?.reserved ?? 0);
    expect(after.memory?.needs.precommit1).toBe(64 * 2 ** 20);
  });

  test('what it registered of its machine', async () => {
    const { capabilities } = (await findWorker(fleet.database.kysely, HOST)) ?? {};
    expect(capabilities?.hardware).toMatchObject({
      cores: expect.any(Number),
      l3Groups: expect.any(Array),
      memory: (await agent.view()).memory?.total,
      workspace: { path: join(fleet.folder, 'work', HOST), capacity: expect.any(Number) },
    });
  });
});

describe('cores of PC1', () => {
  /** The records of this host's sealers. */
  const sealers = async (name: string) => {
    const folder = join(fleet.folder, 'state', name, 'sealers');
    const records = readdirSync(folder).map((one) => readFile(join(folder, one, 'sealer.json'), 'utf8'));
    return (await Promise.all(records)).map((text) => JSON.parse(text));
  };

  test('its sealer is bound to them and computes on several at once; others are not', async () => {
    await limit('add-piece', '1');
    await limit('precommit1', '1');
    await fleet.untilState(await sector(), 'PreCommit2');
    const bound = (await sealers(HOST)).find((record) => record.cores !== undefined);
    const status = readFileSync(`/proc/${bound.pid}/status`, 'utf8');
    expect(/^Cpus_allowed_list:\s*(.*)$/m.exec(status)?.[1]).toBe(bound.cores.cpus);
    const environment = readFileSync(`/proc/${bound.pid}/environ`, 'utf8').split('\0');
    expect(environment).toContain('FIL_PROOFS_USE_MULTICORE_SDR=1');
    expect(environment).toContain(`FIL_PROOFS_MULTICORE_SDR_PRODUCERS=${bound.cores.producers}`);
    expect((await sealers(HOST)).some((record) => record.cores === undefined)).toBe(true);
  });

  test('a restarted agent knows which cores an adopted run holds', async () => {
    await limit('add-piece', '1');
    await limit('precommit1', '0');
    const first = await fleet.startAgent({ name: 'host-c' });
    await setWorkersState(fleet.database.kysely, [HOST], 'draining');
    await waitFor(() => refused('add-piece')?.code === 'not-active', WITHIN);
    number += 1;
    const id = await fleet.addSector(number, '8MiB');
    await fleet.untilState(id, 'PreCommit1');
    await limit('precommit1', '1');
    const run = await waitFor(
      () => first.runs.find((one) => one.phase === 'precommit1' && one.sealer?.process),
      { intervalMs: 5 },
    );
    const { cores, sealer } = run;
    expect(cores).toBeDefined();
    await first.stop();
    const next = await fleet.startAgent({ name: 'host-c' });
    const adopted = await waitFor(() => next.runs.find((one) => one.row.id === run.row.id));
    expect(adopted.cores).toEqual(cores);
    await fleet.untilState(id, 'PreCommit2');
    const bound = (await sealers('host-c')).filter((record) => record.cores !== undefined);
    expect(bound.map((record) => record.pid)).toContain(sealer?.process?.pid);
  });
});
