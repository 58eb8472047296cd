import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { SectorId } from '#core';
import { listRunsOfSector, listSectorEvents, type PhaseRunRow } from '#db';
import { jobId, jobPresence, offerJobId } from '#queues';
import { audit } from '#sector';
import { hashFile } from '#storage';
import { waitFor } from '#testing';
import { type HostAgent, PHASE_HANDLERS, type PhaseContext } from '#workers';
import { chainApiDouble, type MiniCoordinator, startMiniCoordinator } from './support/coordinator.ts';
import { createFleet, type Fleet } from './support/fleet.ts';

const SECRET = 'what the workers of this bench share';

let fleet: Fleet;
let coordinator: MiniCoordinator;
let number = 0;
let agents: HostAgent[] = [];
/** The C1 files that were read for a C2, by run. */
const proven = new Map<number, { readonly path: string; readonly worker: string }>();
/** Whether C2 goes on to its end: else it stands still when it has its input. */
let mayEnd: () => Promise<void> = async () => undefined;

/**
 * The proof itself stands in: 100 CPU-seconds each that are not the point here. Everything before and after it is the
 * product's: who claims the run, how it gets C1's output, whose result is accepted. A real proof that was computed
 * elsewhere is in test/e2e.
 */
async function anyProof(context: PhaseContext): Promise<Record<string, unknown>> {
  const c1 = await context.inbox.take(context);
  expect((await hashFile(c1.path)).sha256).toBe(c1.sha256);
  expect(JSON.parse(await readFile(c1.path, 'utf8'))).toBeTypeOf('object');
  proven.set(context.run.id, { path: c1.path, worker: context.worker });
  await mayEnd();
  return { proof: 'ab'.repeat(192) };
}

beforeAll(async () => {
  vi.spyOn(PHASE_HANDLERS.commit2, 'run').mockImplementation(anyProof);
  fleet = await createFleet();
  await fleet.openLimits();
  await fleet.set('coordinator.sweep_interval', '*', '200ms');
  await fleet.set('worker.poll_interval', '*', '500ms');
  await fleet.set('worker.accept_outside_c2', 'worker:host-b', 'true');
  await fleet.set('worker.limit.add-piece', 'worker:host-b', '0');
  await fleet.set('worker.limit.commit2', 'worker:host-b', '1');
  await fleet.settings.refresh();
  coordinator = startMiniCoordinator(fleet);
});
afterEach(async () => {
  mayEnd = async () => undefined;
  for (const agent of agents.splice(0)) await agent.stop();
  await fleet.database.kysely.deleteFrom('setting').where('name', 'like', 'c2.%').execute();
  await fleet.set('worker.limit.commit2', 'worker:host-a', '0');
  await fleet.settings.refresh();
});
afterAll(async () => {
  await coordinator.stop();
  await fleet.close();
  vi.restoreAllMocks();
});

async function start(name: string, secret: string | undefined = SECRET): Promise<HostAgent> {
  const stream = secret === undefined ? undefined : { host: '127.0.0.1', port: 0, secret };
  const agent = await fleet.startAgent({ name, stream });
  agents.push(agent);
  return agent;
}

async function stop(agent: HostAgent): Promise<void> {
  agents = agents.filter((one) => one !== agent);
  await agent.stop();
}

/** A sector that host-a has sealed, and whose C1 it makes. */
async function toCommit2(): Promise<SectorId> {
  number += 1;
  const id = await fleet.addSector(number);
  await fleet.untilState(id, 'PreCommitBatching');
  await fleet.preCommit(id);
  await waitFor(async () => (await fleet.sector(id)).commit1_output !== null, { deadlineMs: 40_000 });
  return id;
}

async function commit2(id: SectorId): Promise<PhaseRunRow[]> {
  const runs = await listRunsOfSector(fleet.database.kysely, id);
  return runs.filter((run) => run.phase === 'commit2');
}

const jobs = async (id: SectorId, run: PhaseRunRow) => ({
  own: await jobPresence(fleet.bus, 'commit2@host-a', jobId(id, 'commit2', run.attempt)),
  offer: await jobPresence(fleet.bus, 'commit2', offerJobId(id, 'commit2', run.attempt)),
});

const inbox = (name: string): string[] => {
  const dir = join(fleet.folder, 'state', name, 'c1');
  return existsSync(dir) ? readdirSync(dir) : [];
};

const violations = () => audit(fleet.database.kysely, chainApiDouble());

describe('C2 of a host that runs none', () => {
  test('is computed by the host that accepts it, from what it fetches, and its proof accepted once', async () => {
    await start('host-a');
    const b = await start('host-b');
    const id = await toCommit2();
    const sector = await fleet.untilState(id, 'CommitBatching');
    expect(sector.proof).toBe('ab'.repeat(192));

    const [run, ...more] = await commit2(id);
    if (!run) throw new Error('no run of C2');
    expect(more).toEqual([]);
    expect(run).toMatchObject({ status: 'done', claim: 1, queue_worker: 'host-a', worker: 'host-b' });
    expect(run.offered_at).not.toBeNull();
    // Its files stayed where they are: landed and cleared by their own host.
    const others = (await listRunsOfSector(fleet.database.kysely, id)).filter(
      (one) => one.phase !== 'commit2',
    );
    expect(new Set(others.map((one) => one.worker))).toEqual(new Set(['host-a']));
    const events = await listSectorEvents(fleet.database.kysely, id);
    const accepted = events.filter(
      (event) => event.event === 'run.accepted' && event.data.phase === 'commit2',
    );
    expect(accepted.map((event) => event.data.worker)).toEqual(['host-b']);

    expect(proven.get(run.id)?.path).toBe(join(fleet.folder, 'state', 'host-b', 'c1', `${run.id}.json`));
    await waitFor(() => b.runs.length === 0);
    await waitFor(() => inbox('host-b').length === 0, { what: 'an empty inbox' });
    // The job that nobody took lies in no queue: host-a serves none for C2.
    await waitFor(async () => (await jobs(id, run)).own === 'absent', { what: 'the own job gone' });
    expect(await violations()).toEqual([]);
  });

  test('through shared storage, where its host serves nothing; the copy goes with the proof', async () => {
    const share = join(fleet.folder, 'share');
    await mkdir(share);
    await fleet.set('c2.share_dir', '*', share);
    await fleet.settings.refresh();
    await start('host-a', undefined);
    await start('host-b', undefined);
    const id = await toCommit2();
    await fleet.untilState(id, 'CommitBatching');
    const { commit1_output: c1 } = await fleet.sector(id);
    expect(c1?.shared).toBe(join(share, `s-t01000-${number}`, 'c1.1.1.json'));
    const [run] = await commit2(id);
    expect(run?.worker).toBe('host-b');
    await waitFor(() => readdirSync(share).length === 0, { what: 'an empty share' });
  });

  test('waits, without a failure, while its host is away, and goes on when that is back', async () => {
    const a = await start('host-a');
    const id = await toCommit2();
    await waitFor(async () => (await commit2(id))[0]?.offered_at, { what: 'the offer' });
    await stop(a);
    await start('host-b');
    const deferred = await waitFor(
      async () => {
        const [run] = await commit2(id);
        return run?.error_code === 'WORKER_STREAM_FAILED' && run;
      },
      { deadlineMs: 30_000, what: 'the deferral' },
    );
    expect(['waiting', 'queued', 'running']).toContain(deferred.status);
    expect(deferred.crashes).toBe(0);
    await start('host-a');
    await fleet.untilState(id, 'CommitBatching');
    const runs = await commit2(id);
    expect(runs.map((run) => [run.status, run.attempt])).toEqual([['done', 1]]);
    expect((await fleet.sector(id)).recoveries).toEqual({});
    expect(await violations()).toEqual([]);
  });

  test('is not let out by workers that do not share the secret', async () => {
    await start('host-a', 'the secret of another fleet');
    await start('host-b');
    const id = await toCommit2();
    const run = await waitFor(
      async () => {
        const [one] = await commit2(id);
        return one?.error_code === 'WORKER_STREAM_FAILED' && one;
      },
      { deadlineMs: 30_000, what: 'the deferral' },
    );
    expect(run.error_message).toContain('do not share one secret');
    // Its own host may still take it, once it has a limit.
    await fleet.set('worker.limit.commit2', 'worker:host-a', '1');
    await fleet.settings.refresh();
    await fleet.untilState(id, 'CommitBatching');
    expect((await commit2(id)).map((one) => one.worker)).toEqual(['host-a']);
  });

  test('is made again from C1 when its output is damaged at its host', async () => {
    await start('host-a');
    const id = await toCommit2();
    const { commit1_output: c1 } = await fleet.sector(id);
    await writeFile(c1?.path ?? '', '{"not": "what C1 wrote"}');
    await start('host-b');
    await fleet.untilState(id, 'CommitBatching');
    const runs = await listRunsOfSector(fleet.database.kysely, id);
    expect(runs.filter((run) => run.status === 'failed').map((run) => run.error_code)).toEqual([
      'SEALER_DIGEST_MISMATCH',
    ]);
    expect(runs.filter((run) => run.phase === 'commit1').map((run) => run.worker)).toEqual([
      'host-a',
      'host-a',
    ]);
    expect(await violations()).toEqual([]);
  });
});

describe('the two jobs of an offered run', () => {
  test('are put back when Redis has lost both, and whoever claims it has it alone', async () => {
    await start('host-a');
    const id = await toCommit2();
    const run = await waitFor(async () => (await commit2(id)).find((one) => one.offered_at));
    await waitFor(async () => (await jobs(id, run)).offer === 'waiting');
    for (const queue of ['commit2@host-a', 'commit2'])
      await fleet.bus.queue(queue).obliterate({ force: true });
    expect(await jobs(id, run)).toEqual({ own: 'absent', offer: 'absent' });
    await waitFor(async () => Object.values(await jobs(id, run)).every((one) => one === 'waiting'), {
      what: 'both jobs back',
    });
    // Both hosts may start it at once, and each finds a job for it.
    await fleet.set('worker.limit.commit2', 'worker:host-a', '1');
    await fleet.settings.refresh();
    await start('host-b');
    await fleet.untilState(id, 'CommitBatching');
    const done = await commit2(id);
    expect(done.map((one) => [one.status, one.claim])).toEqual([['done', 1]]);
    expect(await violations()).toEqual([]);
  });

  test('count for nothing once the offer is withdrawn', async () => {
    await start('host-a');
    const id = await toCommit2();
    await waitFor(async () => (await commit2(id)).find((one) => one.offered_at));
    await fleet.set('c2.outsource', '*', 'off');
    await fleet.settings.refresh();
    const run = await waitFor(async () => (await commit2(id)).find((one) => one.offered_at === null));
    expect((await jobs(id, run)).offer).toBe('waiting');
    await start('host-b');
    await waitFor(async () => (await jobs(id, run)).offer === 'completed', { what: 'the job superseded' });
    expect((await commit2(id))[0]).toMatchObject({ status: 'queued', claim: 0 });
    await fleet.set('c2.outsource', '*', 'overflow');
    await fleet.settings.refresh();
    await fleet.untilState(id, 'CommitBatching');
    expect((await commit2(id))[0]).toMatchObject({ status: 'done', worker: 'host-b' });
  });
});

test('what its own host would start later overflows; what that can start stays', async () => {
  await fleet.set('worker.limit.commit2', 'worker:host-a', '1');
  for (const phase of ['precommit1', 'precommit2', 'commit1', 'landing', 'add-piece', 'clear-cache'])
    await fleet.set(`worker.limit.${phase}`, 'worker:host-a', '2');
  await fleet.settings.refresh();
  await start('host-a');
  await start('host-b');
  const hold = Promise.withResolvers<void>();
  mayEnd = () => hold.promise;
  const [first, second] = await Promise.all([toCommit2(), toCommit2()]);
  const runs = await waitFor(
    async () => {
      const all = [...(await commit2(first)), ...(await commit2(second))];
      return all.length === 2 && all.every((run) => run.status === 'running') && all;
    },
    { deadlineMs: 40_000, what: 'both C2 running' },
  );
  expect(runs.map((run) => run.worker).toSorted()).toEqual(['host-a', 'host-b']);
  const own = runs.find((run) => run.worker === 'host-a');
  expect(own?.offered_at).toBeNull();
  hold.resolve();
  await fleet.untilState(first, 'CommitBatching');
  await fleet.untilState(second, 'CommitBatching');
  expect(await violations()).toEqual([]);
});

test('an agent that is restarted while it computes foreign C2 goes on with the input that it has', async () => {
  await start('host-a');
  const b = await start('host-b');
  const hold = Promise.withResolvers<void>();
  mayEnd = () => hold.promise;
  const id = await toCommit2();
  const run = await waitFor(async () => (await commit2(id)).find((one) => proven.has(one.id)), {
    deadlineMs: 40_000,
  });
  await stop(b);
  expect(inbox('host-b')).toEqual([`${run.id}.json`]);
  hold.resolve();
  await start('host-b');
  await fleet.untilState(id, 'CommitBatching');
  expect((await commit2(id)).map((one) => [one.status, one.claim, one.worker])).toEqual([
    ['done', 1, 'host-b'],
  ]);
  await waitFor(() => inbox('host-b').length === 0, { what: 'an empty inbox' });
});
