import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { SectorId } from '#core';
import {
  findLease,
  findRun,
  listSurplusResults,
  listWrongAcceptances,
  readServerTime,
  requeueExpiredRun,
} from '#db';
import { republishJob } from '#queues';
import { endProcess, isAlive, type ProcessIdentity } from '#sealer';
import { waitFor } from '#testing';
import { createFleet, type Fleet } from './support/fleet.ts';
import { HostFiles, untilComputing } from './support/host-files.ts';
import { type AgentPlace, type AgentProcess, spawnAgent } from './support/spawn-agent.ts';

/** SIGSTOP of an agent beyond its locks, and SIGCONT. Its sealer stands still meanwhile too: so PC1 lasts. */

let fleet: Fleet;
let files: HostFiles;
let number = 0;
const agents: AgentProcess[] = [];
const sealers: ProcessIdentity[] = [];

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.openLimits();
  await fleet.set('worker.lease_ttl', '*', '1s');
  await fleet.set('worker.limit.precommit2', '*', '0');
  files = new HostFiles(join(fleet.folder, 'state', 'host-a'));
});
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.kill();
  for (const sealer of sealers.splice(0)) await endProcess(sealer);
});
afterAll(() => fleet.close());

async function start(place: AgentPlace = {}): Promise<AgentProcess> {
  const agent = await spawnAgent(fleet, {}, place);
  agents.push(agent);
  return agent;
}

const signal = (process: ProcessIdentity | AgentProcess, name: NodeJS.Signals) =>
  globalThis.process.kill('pid' in process ? process.pid : (process.child.pid ?? 0), name);

/** An agent whose PC1 computes; both stand still, and its lease has run out. */
async function frozen() {
  number += 1;
  const agent = await start();
  const id = await fleet.addSector(number, '8MiB');
  const { run, sealer } = await untilComputing(fleet.database.kysely, files, id, 'precommit1', 'pc1');
  sealers.push(sealer.identity);
  signal(sealer.identity, 'SIGSTOP');
  signal(agent, 'SIGSTOP');
  await waitFor(
    async () => {
      const lease = await findLease(fleet.database.kysely, 'worker:host-a');
      return lease && lease.expires_at <= (await readServerTime(fleet.database.kysely));
    },
    { what: 'the lease to run out' },
  );
  return { agent, id, run, sealer };
}

async function nothingTwice(): Promise<void> {
  expect(await listWrongAcceptances(fleet.database.kysely)).toEqual([]);
  expect(await listSurplusResults(fleet.database.kysely)).toEqual([]);
}

async function untilPreCommit2(id: SectorId): Promise<void> {
  await fleet.untilState(id, 'PreCommit2');
  await nothingTwice();
}

test('nobody took its place: it claims again what the sweeper had given back, and its sealer notices nothing', async () => {
  const { agent, id, run, sealer } = await frozen();
  const fence = { runId: run.id, attempt: run.attempt, claim: run.claim };
  await waitFor(() => requeueExpiredRun(fleet.database.kysely, fence, { expiryMs: 1_000 }));
  await republishJob(fleet.bus, {
    runId: run.id,
    queue: 'precommit1@host-a',
    jobId: `precommit1-s-t01000-${id.number}-a1`,
    priority: 1_000,
  });

  signal(agent, 'SIGCONT');
  await waitFor(async () => (await findRun(fleet.database.kysely, run.id))?.status === 'running', {
    what: 'the run to be claimed again',
  });
  expect(isAlive(sealer.identity)).toBe(true);
  signal(sealer.identity, 'SIGCONT');
  await untilPreCommit2(id);
  expect(await findRun(fleet.database.kysely, run.id)).toMatchObject({
    status: 'done',
    attempt: 1,
    claim: run.claim + 1,
    crashes: 1,
  });
  expect(files.isUnchanged(sealer)).toBe(true);
  await waitFor(() => files.journal().length === 0, { what: 'an empty journal' });
}, 180_000);

test('a second agent ends it and adopts its sealer: the result is accepted under the same claim', async () => {
  const { agent, id, run, sealer } = await frozen();
  const second = await start();
  expect(await second.ready).toBe('ready');
  expect(await agent.ended).toBe('SIGKILL');
  expect(isAlive(sealer.identity)).toBe(true);
  signal(sealer.identity, 'SIGCONT');
  await untilPreCommit2(id);
  const ended = await findRun(fleet.database.kysely, run.id);
  expect(ended).toMatchObject({ status: 'done', claim: run.claim, crashes: 0 });
  expect(ended?.host_epoch).toBeGreaterThan(run.host_epoch ?? 0);
  expect(files.isUnchanged(sealer)).toBe(true);
}, 180_000);

test('woken up beside a second agent that could not end it, it starts and accepts nothing, and touches no sealer', async () => {
  const { agent, id, run, sealer } = await frozen();
  // As an agent in another container with the same folder: whether it lives cannot be seen from here.
  const marker = join(files.state, 'agent.json');
  const owner = JSON.parse(readFileSync(marker, 'utf8'));
  writeFileSync(marker, JSON.stringify({ ...owner, pidNamespace: 'pid:[1]' }));
  const second = await start();
  expect(await second.ready).toBe('ready');
  const adopted = await findRun(fleet.database.kysely, run.id);
  expect(adopted?.host_epoch).toBeGreaterThan(run.host_epoch ?? 0);

  signal(agent, 'SIGCONT');
  expect(await agent.ended).toBe(1);
  expect(agent.output()).toContain('WORKER_LEASE_LOST');
  expect(isAlive(sealer.identity)).toBe(true);
  expect(files.journal()).toContain(run.id);
  expect(JSON.parse(readFileSync(marker, 'utf8')).pid).toBe(second.child.pid);

  signal(sealer.identity, 'SIGCONT');
  await untilPreCommit2(id);
  expect(await findRun(fleet.database.kysely, run.id)).toMatchObject({
    status: 'done',
    claim: run.claim,
    host_epoch: adopted?.host_epoch,
  });
}, 180_000);

test('woken up as its sealer answers, it leaves the answer to the second agent', async () => {
  const { agent, id, run, sealer } = await frozen();
  const marker = join(files.state, 'agent.json');
  const owner = JSON.parse(readFileSync(marker, 'utf8'));
  writeFileSync(marker, JSON.stringify({ ...owner, pidNamespace: 'pid:[1]' }));
  const second = await start();
  // The second stands still when the answer comes, so that the first is alone with it.
  signal(second, 'SIGSTOP');
  signal(sealer.identity, 'SIGCONT');
  await waitFor(() => files.hasSealerEnded(sealer.name, run.id, 'pc1'), {
    deadlineMs: 40_000,
    what: 'the sealer to end',
  });
  signal(agent, 'SIGCONT');
  expect(await agent.ended).toBe(1);
  expect(await findRun(fleet.database.kysely, run.id)).toMatchObject({ status: 'running' });
  expect(files.outcomeOf(run.id)).toBeUndefined();
  expect(isAlive(sealer.identity)).toBe(true);

  signal(second, 'SIGCONT');
  await untilPreCommit2(id);
  expect(files.isUnchanged(sealer)).toBe(true);
}, 180_000);

test('two hosts of one name: the second is refused while the first is heard, and the first ends when it is not', async () => {
  number += 1;
  await fleet.set('worker.lease_ttl', '*', '20s');
  await fleet.settings.refresh();
  const clone = {
    stateDir: join(fleet.folder, 'clone-state'),
    workspaceDir: join(fleet.folder, 'clone-work'),
  };
  const first = await start();
  const refused = await start(clone);
  expect(await refused.ended).not.toBe(0);
  expect(refused.output()).toContain('WORKER_NAME_TAKEN');
  await first.kill('SIGTERM');
  await fleet.set('worker.lease_ttl', '*', '1s');
  await fleet.settings.refresh();

  const { agent, id, run, sealer } = await frozen();
  const other = await start(clone);
  expect(await other.ready).toBe('ready');
  signal(agent, 'SIGCONT');
  expect(await agent.ended).toBe(1);
  expect(agent.output()).toContain('WORKER_LEASE_LOST');
  signal(sealer.identity, 'SIGCONT');
  // The other host has not the sector's files: it says so, and the sector begins anew under its own number.
  await waitFor(async () => (await findRun(fleet.database.kysely, run.id))?.status === 'failed');
  expect(await findRun(fleet.database.kysely, run.id)).toMatchObject({ error_code: 'SEALER_FILE_MISSING' });
  expect((await fleet.sector(id)).state).toBe('PreCommit1');
  await nothingTwice();
}, 180_000);
