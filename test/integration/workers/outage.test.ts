import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findRun, listRunsOfSector, listWrongAcceptances } from '#db';
import { endProcess } from '#sealer';
import { type PrivateServers, startPrivateServers, waitFor } from '#testing';
import { createFleet, type Fleet } from './support/fleet.ts';
import { HostFiles, untilComputing } from './support/host-files.ts';
import { launchAgent, spawnAgent } from './support/spawn-agent.ts';

/** Servers of this suite alone: it kills and flushes them. */
let servers: PrivateServers;
let fleet: Fleet;
const before = { ...process.env };

beforeAll(async () => {
  servers = await startPrivateServers();
  Object.assign(process.env, servers.env);
  fleet = await createFleet();
  await fleet.openLimits();
});
afterAll(async () => {
  await fleet.close();
  await servers.stop();
  for (const name of Object.keys(servers.env)) process.env[name] = before[name];
});

test('MySQL dies while PC1 runs: its result waits in the journal and is accepted when MySQL is back', async () => {
  const agent = await fleet.startAgent();
  const id = await fleet.addSector(1, '8MiB');
  const run = await waitFor(
    () => agent.runs.find((one) => one.phase === 'precommit1' && one.sealer?.startedAt),
    {
      deadlineMs: 30_000,
    },
  );
  await servers.kill('mariadb');
  await waitFor(() => run.answered, { deadlineMs: 40_000, what: 'PC1 to be answered without MySQL' });
  await servers.start('mariadb');
  await waitFor(async () => (await fleet.sector(id)).state === 'PreCommit2', { deadlineMs: 30_000 });
  const runs = await listRunsOfSector(fleet.database.kysely, id);
  expect(runs.find((one) => one.phase === 'precommit1')).toMatchObject({
    status: 'done',
    attempt: 1,
    claim: 1,
  });
  await fleet.apply(id, { type: 'park', code: 'INTERNAL', reason: 'enough' });
  await agent.stop();
}, 120_000);

test('FLUSHALL in the middle of a phase: it is accepted, and the next job is published', async () => {
  const agent = await fleet.startAgent({ name: 'host-b' });
  const id = await fleet.addSector(2, '8MiB');
  await waitFor(() => agent.runs.some((one) => one.phase === 'precommit1' && one.sealer?.startedAt), {
    deadlineMs: 30_000,
  });
  await fleet.bus.client.flushall();
  await fleet.untilState(id, 'PreCommit2');
  await waitFor(() => agent.runs.some((one) => one.phase === 'precommit2'));
  const done = await listRunsOfSector(fleet.database.kysely, id, ['done']);
  expect(done.map((run) => `${run.phase} ${run.attempt}.${run.claim}`)).toEqual([
    'add-piece 1.1',
    'precommit1 1.1',
  ]);
  await fleet.apply(id, { type: 'park', code: 'INTERNAL', reason: 'enough' });
  await agent.stop();
}, 120_000);

test('Redis, MySQL and the agent die while PC1 runs: the next agent waits for both, and brings its result', async () => {
  const files = new HostFiles(join(fleet.folder, 'state', 'host-c'));
  const place = { name: 'host-c' };
  const first = await spawnAgent(fleet, {}, place);
  const id = await fleet.addSector(3, '8MiB');
  const { run, sealer } = await untilComputing(fleet.database.kysely, files, id, 'precommit1', 'pc1');
  await servers.kill('mariadb');
  await servers.kill('redis');
  await waitFor(() => files.outcomeOf(run.id), { deadlineMs: 60_000, what: 'the result in the journal' });
  await first.kill('SIGKILL');

  const second = launchAgent(fleet, {}, place);
  await waitFor(() => second.output().includes('role.waiting'), { deadlineMs: 30_000, what: 'it to wait' });
  await servers.start('mariadb');
  await waitFor(() => second.output().includes('REDIS_UNREACHABLE'), { deadlineMs: 40_000 });
  expect(files.outcomeOf(run.id)).toBeDefined();
  await servers.start('redis');
  expect(await second.ready).toBe('ready');
  await waitFor(async () => (await fleet.sector(id)).state === 'PreCommit2', { deadlineMs: 30_000 });
  const done = await findRun(fleet.database.kysely, run.id);
  expect(done).toMatchObject({ status: 'done', attempt: 1, claim: 1, crashes: 0 });
  expect(await listWrongAcceptances(fleet.database.kysely)).toEqual([]);
  await fleet.apply(id, { type: 'park', code: 'INTERNAL', reason: 'enough' });
  await second.kill('SIGTERM');
  await endProcess(sealer.identity);
}, 240_000);
