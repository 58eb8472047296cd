import { readFileSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SectorId } from '#core';
import { findWorker, listRunsOfSector } from '#db';
import type { HostReport } from '#sched';
import { identityOf, type ProcessIdentity, RunJournal } from '#sealer';
import { waitFor } from '#testing';
import type { HostAgent } from '#workers';
import { createFleet, type Fleet, sealerBin } from './support/fleet.ts';
import { spawnAgent } from './support/spawn-agent.ts';

let fleet: Fleet;
let agent: HostAgent | undefined;
let number = 0;

const TWO = 'cpu:0 cores=0, cpu:1 cores=1';

beforeAll(async () => {
  fleet = await createFleet();
  // A copy of its own: sealers are replaced when their binary changes, as it may when another checkout is set up.
  const copy = join(fleet.folder, 'beepro-sealer');
  await copyFile(sealerBin(), copy);
  process.env.BEEPRO_SEALER_BIN = copy;
  await fleet.openLimits();
  for (const phase of ['add-piece', 'precommit1', 'precommit2'])
    await fleet.set(`worker.limit.${phase}`, '*', '4');
  await fleet.set('sector.retry.backoff_percent', '*', '0');
  await fleet.settings.refresh();
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await fleet.set('phase.time_limit.precommit2', '*', '1d');
  await fleet.settings.refresh();
});
afterAll(() => fleet.close());

async function declare(devices: string): Promise<void> {
  await fleet.set('worker.devices', '*', devices);
  await fleet.settings.refresh();
}

/** An environment whose sealers have these faults, each once. */
async function faults(list: string): Promise<Record<string, string>> {
  const once = join(fleet.folder, `faults-${number}`);
  await mkdir(once, { recursive: true });
  return { BEEPRO_SEALER_FAULT: list, BEEPRO_SEALER_FAULT_ONCE: once };
}

function addSectors(count: number, size: '2KiB' | '8MiB' = '2KiB'): Promise<SectorId[]> {
  return Promise.all(
    Array.from({ length: count }, () => {
      number += 1;
      return fleet.addSector(number, size);
    }),
  );
}

/** What the worker has written of itself. */
async function report(worker: string): Promise<HostReport | undefined> {
  const row = await findWorker(fleet.database.kysely, worker);
  return (row?.report ?? undefined) as HostReport | undefined;
}

const held = (of: HostReport | undefined) => of?.devices.map(({ id, held: uses }) => [id, ...uses]);

/** The cores and the temporary folder of a process. */
function placeOf({ pid }: ProcessIdentity) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const environ = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  return {
    cores: /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1],
    tmp: environ.find((line) => line.startsWith('TMPDIR='))?.slice('TMPDIR='.length),
    noGpu: environ.includes('BELLMAN_NO_GPU=1') && environ.includes('CUDA_VISIBLE_DEVICES='),
  };
}

test('two devices run two PC2 at once, each on its cores; a third waits, and is served by a sealer that stayed', async () => {
  await declare(TWO);
  agent = await fleet.startAgent({ name: 'host-two' });
  const here = agent;
  const sectors = await addSectors(3, '8MiB');
  /** The sealers of the PC2 that run at this moment. */
  const sealers = () =>
    here.runs.flatMap((run) => (run.phase === 'precommit2' ? (run.sealer?.process ?? []) : []));
  const used = new Set<number>();
  const look = () => {
    const now = sealers();
    for (const { pid } of now) used.add(pid);
    return now;
  };
  const [first, second] = await waitFor(
    () => {
      const now = look();
      return now.length === 2 && now.map((sealer) => ({ ...sealer, ...placeOf(sealer) }));
    },
    { deadlineMs: 90_000, what: 'two PC2 at once' },
  );
  const folder = join(fleet.folder, 'state', 'host-two', 'devices');
  expect([first, second]).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ cores: '0', tmp: join(folder, 'cpu-0'), noGpu: true }),
      expect.objectContaining({ cores: '1', tmp: join(folder, 'cpu-1'), noGpu: true }),
    ]),
  );
  const refusal = await waitFor(
    () => {
      look();
      return here.choice?.refusals.find((one) => one.phase === 'precommit2' && one.code === 'device');
    },
    { what: 'the refusal' },
  );
  expect(refusal.reason).toBe('all 2 slots of 2 devices are busy');
  await waitFor(
    async () => {
      look();
      const rows = await Promise.all(sectors.map((id) => fleet.sector(id)));
      return rows.every((row) => row.state === 'PreCommitBatching');
    },
    { deadlineMs: 120_000, what: 'three sectors sealed' },
  );
  // Three jobs, two processes: the third was served by one that stayed.
  expect(used).toEqual(new Set([first?.pid, second?.pid]));
  // A slot is held until the run is concluded, which is a moment after its result counts.
  await waitFor(async () => (await here.view()).devices.every((device) => device.held.length === 0));
}, 240_000);

test('a slot stays with its run when the agent is killed, and the next one gives it to nobody else', async () => {
  await declare('cpu:0 cores=0');
  const env = await faults('hang@pre-commit-2:journalled');
  const killed = await spawnAgent(fleet, env);
  const [first] = await addSectors(1);
  await waitFor(async () => held(await report('host-a'))?.[0]?.[1] === 'precommit2', {
    deadlineMs: 20_000,
    what: 'PC2 on its slot',
  });
  const journal = await RunJournal.open(join(fleet.folder, 'state', 'host-a', 'runs'));
  expect((await journal.list()).map(({ intent }) => intent.seat)).toEqual([{ device: 'cpu:0', slot: 0 }]);
  await killed.kill('SIGKILL');
  await fleet.database.kysely.updateTable('worker').set({ report: null }).execute();

  const next = await spawnAgent(fleet, env);
  const [second] = await addSectors(1);
  const refused = await waitFor(
    async () => {
      const now = await report('host-a');
      const isHeld = held(now)?.[0]?.join(' ') === 'cpu:0 precommit2';
      return isHeld && now?.refusals.find((one) => one.phase === 'precommit2');
    },
    { deadlineMs: 20_000, what: 'the slot held by the adopted run' },
  );
  expect(refused).toMatchObject({ code: 'device', reason: 'all 1 slots of 1 device are busy' });
  await fleet.untilState(second as SectorId, 'PreCommit2');
  const waiting = await listRunsOfSector(fleet.database.kysely, second as SectorId, ['queued']);
  expect(waiting.map((run) => run.phase)).toEqual(['precommit2']);

  // The hung one is ended at last, its device tested and found good, and both go through it.
  await fleet.set('worker.device_backoff', '*', '1s');
  await fleet.set('phase.time_limit.precommit2', '*', '3s');
  await fleet.untilState(first as SectorId, 'PreCommitBatching');
  await fleet.untilState(second as SectorId, 'PreCommitBatching');
  await next.kill('SIGTERM');
}, 120_000);

describe('a device that fails', () => {
  test('goes out of service, its job to another, and returns when a self-test passes', async () => {
    await declare(TWO);
    await fleet.set('worker.device_backoff', '*', '4s');
    await fleet.set('phase.time_limit.precommit2', '*', '3s');
    await fleet.settings.refresh();
    // The first self-test fails too: the device is left alone for twice as long.
    const env = await faults('hang@pre-commit-2:journalled,error@self-test:journalled');
    agent = await fleet.startAgent({ name: 'host-fail' }, env);
    const here = agent;
    const [id] = await addSectors(1);
    const states = async () => (await here.view()).devices.map((device) => device.outOfService);
    await waitFor(async () => (await states())[0] !== undefined, { deadlineMs: 20_000, what: 'cpu:0 out' });
    expect((await states())[0]).toMatch(
      /^PC2: precommit2 ran longer than its limit of 3 s; its self-test is/,
    );
    await fleet.untilState(id as SectorId, 'PreCommitBatching');
    const runs = await listRunsOfSector(fleet.database.kysely, id as SectorId, ['failed', 'done']);
    const pc2 = runs.filter((run) => run.phase === 'precommit2');
    expect(pc2.map((run) => `${run.status} ${run.error_code ?? ''}`.trim())).toEqual([
      'failed WORKER_TIME_LIMIT',
      'done',
    ]);
    expect((await states())[1]).toBeUndefined();
    await waitFor(async () => /^The self-test on cpu:0 failed/.test((await states())[0] ?? ''), {
      deadlineMs: 20_000,
      what: 'a failed self-test',
    });
    await waitFor(async () => (await report('host-fail'))?.devices[0]?.outOfService !== undefined);

    // A restart does not forget it.
    await here.stop();
    agent = await fleet.startAgent({ name: 'host-fail' }, env);
    const next = agent;
    expect((await next.view()).devices[0]?.outOfService).toMatch(/^The self-test on cpu:0 failed/);
    await waitFor(async () => (await next.view()).devices[0]?.outOfService === undefined, {
      deadlineMs: 20_000,
      what: 'cpu:0 in service again',
    });
  }, 120_000);

  test('that is lost under a job ends it without a try of the sector’s, and waits for its self-test', async () => {
    await declare('cpu:0 cores=0');
    await fleet.set('worker.device_backoff', '*', '1h');
    await fleet.settings.refresh();
    agent = await fleet.startAgent({ name: 'host-lost' }, await faults('hang@pre-commit-2:journalled'));
    const here = agent;
    const [id] = await addSectors(1);
    const run = await waitFor(() =>
      here.runs.find((one) => one.phase === 'precommit2' && one.sealer?.startedAt),
    );
    const pid = run.sealer?.process?.pid ?? 0;
    // As the keeper does when nvidia-smi no longer lists the GPU, which a sealer with GPU support is needed for.
    run.stop('device-lost');
    const waiting = await waitFor(async () => {
      const runs = await listRunsOfSector(fleet.database.kysely, id as SectorId, ['waiting', 'queued']);
      return runs.find((one) => one.phase === 'precommit2' && one.error_code !== null);
    });
    expect(waiting).toMatchObject({ attempt: 1, error_code: 'DEVICE_LOST' });
    await waitFor(() => identityOf(pid) === undefined);
    expect((await here.view()).devices[0]?.outOfService).toMatch(
      /^PC2: The device cpu:0 was lost during precommit2/,
    );
  });

  test('is no reason to fall back: with the only one out PC2 waits with its reason, and none lets it run', async () => {
    await declare('GPU-8f2c1d34-0000-4abc-9def-0123456789ab, cpu:7 cores=4000');
    agent = await fleet.startAgent({ name: 'host-none', gpuTool: '/nowhere/nvidia-smi' });
    const here = agent;
    const [id] = await addSectors(1);
    await fleet.untilState(id as SectorId, 'PreCommit2');
    const refusal = await waitFor(() => here.choice?.refusals.find((one) => one.code === 'device'));
    expect(refusal.reason).toMatch(
      /^no device is in service: GPU-8f2c.*, there is no nvidia-smi on this machine; cpu:7, core 4000 is not among/,
    );
    await waitFor(async () => (await report('host-none'))?.devices.length === 2);
    await declare('none');
    await fleet.untilState(id as SectorId, 'PreCommitBatching');
  });
});
