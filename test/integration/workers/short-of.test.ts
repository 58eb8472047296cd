import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SectorId } from '#core';
import { findRun, listRunsOfSector, listWrongAcceptances } from '#db';
import { isAlive } from '#sealer';
import { canMount, SmallDisk, waitFor } from '#testing';
import type { HostAgent } from '#workers';
import { createFleet, type Fleet, sealerBin } from './support/fleet.ts';
import { HostFiles, untilComputing } from './support/host-files.ts';
import { type AgentProcess, spawnAgent } from './support/spawn-agent.ts';

/** Machines that run short of disk or memory in the middle of a phase. */

let fleet: Fleet;
let agent: HostAgent | undefined;
let spawned: AgentProcess | undefined;
let number = 0;

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.openLimits();
  // A failed run is tried again at once: nobody here runs the sweeper, which would queue it when its pause is over.
  await fleet.set('sector.retry.backoff_percent', '*', '0');
  // The disks of these tests are small.
  await fleet.set('worker.scratch_keep_free', '*', '0B');
  await fleet.settings.refresh();
});
afterEach(async () => {
  await agent?.stop();
  agent = undefined;
  await spawned?.kill('SIGTERM');
  spawned = undefined;
});
afterAll(() => fleet.close());

async function failures(id: SectorId): Promise<string[]> {
  const runs = await listRunsOfSector(fleet.database.kysely, id, ['failed']);
  return runs.map((run) => `${run.phase} ${run.error_code}`);
}

async function sealed(id: SectorId): Promise<void> {
  const isSealed = async () => {
    const { state, parked_reason: reason } = await fleet.sector(id);
    return state === 'PreCommitBatching' || (state === 'Parked' && `parked: ${reason}`);
  };
  const end = await waitFor(isSealed, { deadlineMs: 150_000, what: 'the sector to be sealed' }).catch(String);
  const runs = await listRunsOfSector(fleet.database.kysely, id);
  const story = runs.map((run) => `${run.phase} a${run.attempt} ${run.status} ${run.error_code ?? ''}`);
  expect(end, story.join('; ')).toBe(true);
  expect(await listWrongAcceptances(fleet.database.kysely)).toEqual([]);
}

describe.skipIf(!canMount())('a disk that fills in the middle', () => {
  test('the workspace: the phase fails with its reason until there is room, and the sector is sealed', async () => {
    number += 1;
    const name = `host-${number}`;
    await using disk = new SmallDisk(join(fleet.folder, 'work', name), '400m');
    agent = await fleet.startAgent({ name });
    const files = new HostFiles(join(fleet.folder, 'state', name));
    const id = await fleet.addSector(number, '8MiB');
    await untilComputing(fleet.database.kysely, files, id, 'precommit1', 'pc1');
    const empty = await disk.fill();
    // It fails for want of space, or is refused by what is measured, whichever sees it first.
    await waitFor(
      async () =>
        (await failures(id)).length > 0 || agent?.choice?.refusals.some(({ code }) => code === 'scratch'),
      { deadlineMs: 60_000, what: 'a full disk to be noticed' },
    );
    await empty();
    await sealed(id);
    const reasons = new Set(await failures(id));
    expect([...reasons].filter((reason) => !reason.endsWith(' SEALER_NO_SPACE'))).toEqual([]);
    await agent.stop();
  }, 180_000);

  test('the journal’s: a result that was computed waits for room, and is accepted under its own claim', async () => {
    number += 1;
    const name = `host-${number}`;
    const state = join(fleet.folder, 'state', name);
    await using disk = new SmallDisk(state, '4m');
    spawned = await spawnAgent(fleet, {}, { name });
    const files = new HostFiles(state);
    const id = await fleet.addSector(number, '8MiB');
    const { run, sealer } = await untilComputing(fleet.database.kysely, files, id, 'precommit1', 'pc1');
    const empty = await disk.fill();
    await waitFor(() => spawned?.output().includes('waits for the journal’s disk'), {
      deadlineMs: 60_000,
      what: 'the result to wait',
    });
    expect(await findRun(fleet.database.kysely, run.id)).toMatchObject({
      status: 'running',
      claim: run.claim,
    });
    expect(isAlive(sealer.identity)).toBe(true);
    await empty();
    await sealed(id);
    expect(await failures(id)).toEqual([]);
    expect(await findRun(fleet.database.kysely, run.id)).toMatchObject({
      status: 'done',
      claim: run.claim,
      crashes: 0,
    });
    await spawned.kill('SIGTERM');
    spawned = undefined;
  }, 180_000);

  test('the journal’s before a run begins: it waits, nothing is started, and no try is spent', async () => {
    number += 1;
    const name = `host-${number}`;
    const state = join(fleet.folder, 'state', name);
    await using disk = new SmallDisk(state, '4m');
    agent = await fleet.startAgent({ name });
    const empty = await disk.fill();
    const id = await fleet.addSector(number);
    const waiting = await waitFor(async () => {
      const [run] = await listRunsOfSector(fleet.database.kysely, id, ['waiting']);
      return run;
    });
    expect(waiting).toMatchObject({ phase: 'add-piece', error_code: 'STORAGE_NO_SPACE', crashes: 0 });
    await empty();
    expect(await failures(id)).toEqual([]);
    await agent.stop();
  }, 60_000);
});

/** A control group of 12 MiB, if this user may make one: PC1 of 8 MiB holds two labels of 8 MiB. */
function makeGroup(): { path: string; events: string } | undefined {
  const kinds = [
    { parent: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', events: 'memory.oom_control' },
    { parent: '/sys/fs/cgroup', limit: 'memory.max', events: 'memory.events' },
  ];
  for (const { parent, limit, events } of kinds) {
    const path = join(parent, `beepro-test-${process.pid}`);
    try {
      mkdirSync(path);
    } catch {
      continue; // not root, or a read-only file system
    }
    if (existsSync(join(path, limit))) {
      writeFileSync(join(path, limit), String(12 << 20));
      return { path, events: join(path, events) };
    }
    rmdirSync(path);
  }
  return undefined;
}

describe('a sealer that is killed', () => {
  test('from outside: the phase is tried again, and the sector is sealed', async () => {
    number += 1;
    const name = `host-${number}`;
    agent = await fleet.startAgent({ name });
    const files = new HostFiles(join(fleet.folder, 'state', name));
    const id = await fleet.addSector(number, '8MiB');
    const { sealer } = await untilComputing(fleet.database.kysely, files, id, 'precommit1', 'pc1');
    process.kill(sealer.identity.pid, 'SIGKILL');
    await sealed(id);
    expect(await failures(id)).toEqual(['precommit1 SEALER_DIED']);
  }, 120_000);

  const group = makeGroup();
  afterAll(async () => {
    if (!group) return;
    await waitFor(() => {
      const left = readFileSync(join(group.path, 'cgroup.procs'), 'utf8').trim();
      for (const pid of left.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
      return left === '';
    });
    rmdirSync(group.path);
  });

  test.skipIf(!group)(
    'by the kernel for want of memory: the failure says so, and the sector is sealed when there is some',
    async () => {
      if (!group) return;
      number += 1;
      const name = `host-${number}`;
      const wrapper = join(fleet.folder, 'sealer-in-group.sh');
      // Until the kernel has killed one of them, every sealer is in the group.
      writeFileSync(
        wrapper,
        `#!/bin/sh\nif grep -q '^oom_kill 0' ${group.events}; then echo $$ > ${group.path}/cgroup.procs; fi\nexec ${sealerBin()} "$@"\n`,
      );
      chmodSync(wrapper, 0o755);
      spawned = await spawnAgent(fleet, {}, { name, sealerBin: wrapper });
      const id = await fleet.addSector(number, '8MiB');
      await sealed(id);
      expect(readFileSync(group.events, 'utf8')).toMatch(/^oom_kill [1-9]/m);
      const seen = await failures(id);
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.filter((failure) => !/^precommit[12] SEALER_OUT_OF_MEMORY$/.test(failure))).toEqual([]);
    },
    180_000,
  );
});
