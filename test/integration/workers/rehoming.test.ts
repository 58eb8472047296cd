import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type SectorId, sectorName } from '#core';
import { findWorker, listRunsOfSector, listSectorEvents, type PhaseRunRow, transaction } from '#db';
import { identityOf, isAlive, type ProcessIdentity } from '#sealer';
import { acceptRun, applyEvent, audit, planRehoming, removeWorker } from '#sector';
import { hashFile } from '#storage';
import { waitFor } from '#testing';
import { PHASE_HANDLERS } from '#workers';
import {
  chainApiDouble,
  type MiniCoordinator,
  sealingModules,
  startMiniCoordinator,
} from './support/coordinator.ts';
import { createFleet, type Fleet } from './support/fleet.ts';
import { spawnAgent } from './support/spawn-agent.ts';

const PROOF = 'ab'.repeat(192);

let fleet: Fleet;
let coordinator: MiniCoordinator;

beforeAll(async () => {
  // The proof stands in; see outsourcing.test.ts.
  vi.spyOn(PHASE_HANDLERS.commit2, 'run').mockImplementation(async (context) => {
    const c1 = await context.inbox.take(context);
    expect((await hashFile(c1.path)).sha256).toBe(c1.sha256);
    return { proof: PROOF };
  });
  fleet = await createFleet();
  await fleet.openLimits();
  for (const phase of ['add-piece', 'precommit1', 'precommit2', 'commit1', 'landing'])
    await fleet.set(`worker.limit.${phase}`, '*', '2');
  await fleet.set('worker.limit.clear-cache', 'worker:host-a', '0');
  await fleet.set('worker.heartbeat_expiry', '*', '2s');
  await fleet.set('worker.poll_interval', '*', '500ms');
  await fleet.set('worker.limit.commit2', 'worker:host-b', '1');
  await fleet.set('worker.accept_outside_c2', 'worker:host-b', 'true');
  await mkdir(join(fleet.folder, 'share'));
  await fleet.set('c2.share_dir', '*', join(fleet.folder, 'share'));
  await fleet.settings.refresh();
  coordinator = startMiniCoordinator(fleet);
});
afterAll(async () => {
  await coordinator.stop();
  await fleet.close();
  vi.restoreAllMocks();
});

const state = (name: string) => join(fleet.folder, 'state', name);
const work = (name: string): string[] => readdirSync(join(fleet.folder, 'work', name));

async function run(id: SectorId, phase: string, status = 'running'): Promise<PhaseRunRow | undefined> {
  const runs = await listRunsOfSector(fleet.database.kysely, id);
  return runs.find((one) => one.phase === phase && one.status === status);
}

/** The sealer that the journal of a run on host-a names. */
function sealerOf(runId: number): ProcessIdentity | undefined {
  const intent = join(state('host-a'), 'runs', `${runId}.json`);
  if (!existsSync(intent)) return undefined;
  const name = JSON.parse(readFileSync(intent, 'utf8')).sealer as string;
  const record = join(state('host-a'), 'sealers', name, 'sealer.json');
  return existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : undefined;
}

async function landed(id: SectorId): Promise<void> {
  await waitFor(async () => (await fleet.sector(id)).landed_at !== null, {
    what: 'landing',
    deadlineMs: 30_000,
  });
}

test('a host that is killed for good: each sector goes on from what survives, and its return changes nothing', async () => {
  const once = join(fleet.folder, 'once');
  await mkdir(once);
  const a = await spawnAgent(fleet, {
    BEEPRO_SEALER_FAULT: 'hang@pre-commit-1:journalled',
    BEEPRO_SEALER_FAULT_ONCE: once,
  });
  // The first PC1 hangs; its sealer outlives its agent.
  const hanging = await fleet.addSector(1);
  const hung = await waitFor(async () => {
    const found = await run(hanging, 'precommit1');
    return found && sealerOf(found.id) && found;
  });
  await waitFor(() => readdirSync(once).length > 0, { what: 'the fault' });
  const sealer = sealerOf(hung.id);

  const sealed = await fleet.addSector(2);
  const onChain = await fleet.addSector(3);
  const clearing = await fleet.addSector(4);
  const proving = await fleet.addSector(5);
  for (const id of [sealed, onChain, clearing, proving]) await fleet.untilState(id, 'PreCommitBatching');
  for (const id of [onChain]) {
    const commR = (await fleet.sector(id)).comm_r ?? '';
    await fleet.apply(id, { type: 'precommit-assigned', message: 1 });
    await fleet.apply(id, { type: 'precommit-bound' });
    await fleet.apply(id, { type: 'precommit-landed', precommitEpoch: 4_900, commR });
  }
  for (const id of [clearing, proving]) {
    await fleet.preCommit(id);
    await landed(id);
  }
  await fleet.untilState(proving, 'Commit2');
  await fleet.untilState(clearing, 'Commit2');
  await fleet.apply(clearing, { type: 'commit2.done', proof: PROOF });
  expect((await fleet.sector(clearing)).state).toBe('ClearCache');
  const before = await fleet.sector(onChain);

  const modules = sealingModules(fleet);
  await expect(removeWorker(modules, 'host-a')).rejects.toMatchObject({
    code: 'WORKER_ALIVE',
    message: expect.stringMatching(/not drained, holds 5 sectors/),
  });
  expect((await findWorker(fleet.database.kysely, 'host-a'))?.state).toBe('active');

  await a.kill('SIGKILL');
  const late = hung;
  await waitFor(
    async () => ((await findWorker(fleet.database.kysely, 'host-a'))?.heartbeatAgeMs ?? 0) > 2_000,
  );
  const outcomes = {
    [sectorName(hanging)]: 'begun-anew',
    [sectorName(sealed)]: 'begun-anew',
    [sectorName(onChain)]: 'sealed-again',
    [sectorName(clearing)]: 'goes-on',
    [sectorName(proving)]: 'commit2-elsewhere',
  };
  const plan = await planRehoming(modules, 'host-a');
  expect(Object.fromEntries(plan.sectors.map((one) => [sectorName(one), one.rehoming]))).toEqual(outcomes);
  expect(plan.sectors.find((one) => one.number === onChain.number)?.stake).toMatchObject({
    deposit: '0.2 FIL',
    due: 4_900 + 30 * 2_880 + 150,
    head: 5_000,
  });
  const done = await removeWorker(modules, 'host-a');
  expect(Object.fromEntries(done.sectors.map((one) => [sectorName(one), one.rehoming]))).toEqual(outcomes);
  expect(await fleet.sector(clearing)).toMatchObject({ state: 'CommitBatching', worker: null });
  for (const id of [hanging, sealed, onChain]) {
    expect(await fleet.sector(id)).toMatchObject({ state: 'AddPiece', worker: null });
  }
  // What the dead host might still say of its claim counts for nothing.
  const fence = { runId: late.id, attempt: late.attempt, claim: late.claim, worker: 'host-a' };
  const answer = await transaction(fleet.database, (trx) =>
    acceptRun(trx, fence, { commD: 'ab'.repeat(32) }),
  );
  expect(answer.status).toBe('superseded');

  const b = await fleet.startAgent({ name: 'host-b' });
  for (const id of [hanging, sealed]) {
    expect(await fleet.untilState(id, 'PreCommitBatching')).toMatchObject({ worker: 'host-b' });
  }
  // Sealed again, it is the same sector: the chain has its CommR already.
  const again = await fleet.untilState(onChain, 'WaitSeed');
  expect(again).toMatchObject({ worker: 'host-b', comm_r: before.comm_r, ticket: before.ticket });
  expect(await fleet.untilState(proving, 'CommitBatching')).toMatchObject({ worker: null, proof: PROOF });
  expect((await run(proving, 'commit2', 'done'))?.worker).toBe('host-b');

  expect(sealer && isAlive(sealer)).toBe(true);
  const back = await spawnAgent(fleet);
  expect((await findWorker(fleet.database.kysely, 'host-a'))?.state).toBe('active');
  await waitFor(() => identityOf(sealer?.pid ?? 0) === undefined, { what: 'the old sealer to end' });
  await waitFor(() => readdirSync(join(state('host-a'), 'runs')).length === 0, { what: 'an empty journal' });
  await waitFor(() => work('host-a').filter((name) => name.startsWith('s-')).length === 0, {
    what: 'an empty workspace',
  });
  expect(work('host-b')).toEqual(expect.arrayContaining([hanging, sealed, onChain].map(sectorName)));
  const worked = await listRunsOfSector(fleet.database.kysely, hanging);
  expect(worked.map((one) => [one.phase, one.status, one.status === 'done' ? one.worker : ''])).toEqual([
    ['add-piece', 'done', 'host-a'],
    ['precommit1', 'superseded', ''],
    ['add-piece', 'done', 'host-b'],
    ['precommit1', 'done', 'host-b'],
    ['precommit2', 'done', 'host-b'],
  ]);
  const [lost] = (await listSectorEvents(fleet.database.kysely, onChain)).filter(
    (event) => event.event === 'host-lost',
  );
  expect(lost?.data).toMatchObject({ worker: 'host-a', stake: { deposit: '0.2 FIL' } });
  expect(await audit(fleet.database.kysely, chainApiDouble())).toEqual([]);

  // It takes new sectors as any other.
  await b.stop();
  const fresh = await fleet.addSector(6);
  expect(await fleet.untilState(fresh, 'PreCommitBatching')).toMatchObject({ worker: 'host-a' });
  await back.kill('SIGTERM');
}, 120_000);

test('what the lost host computed for others is given to others', async () => {
  await fleet.set('worker.limit.precommit1', '*', '0');
  await fleet.settings.refresh();
  const a = await fleet.startAgent({ name: 'host-x' });
  const id = await fleet.addSector(20);
  const first = await waitFor(async () => (await fleet.sector(id)).state === 'PreCommit1');
  expect(first).toBe(true);
  await a.stop();
  // As a claim of AddPiece that its host took with it: the sector has no host yet.
  await transaction(fleet.database, (trx) =>
    applyEvent(trx, id, { type: 'park', code: 'INTERNAL', reason: 'test' }),
  );
  const other = await fleet.addSector(21);
  const [queued] = await listRunsOfSector(fleet.database.kysely, other, ['queued']);
  await fleet.database.kysely
    .updateTable('phase_run')
    .set({ status: 'running', worker: 'host-x', claim: 1, host_epoch: 1, heartbeat_at: new Date() })
    .where('id', '=', queued?.id ?? 0)
    .execute();
  const modules = sealingModules(fleet);
  expect(await planRehoming(modules, 'host-x')).toMatchObject({
    otherRuns: 1,
    sectors: [{ number: 20, rehoming: 'stays-parked' }],
  });
  await removeWorker(modules, 'host-x', { force: true });
  const b = await fleet.startAgent({ name: 'host-y' });
  await fleet.untilState(other, 'PreCommit1');
  const [run] = await listRunsOfSector(fleet.database.kysely, other, ['done']);
  expect(run).toMatchObject({ id: queued?.id, attempt: 1, claim: 2, worker: 'host-y', crashes: 0 });
  expect(await fleet.sector(id)).toMatchObject({ state: 'Parked', worker: null, parked_from: 'AddPiece' });
  await fleet.apply(id, { type: 'resume' });
  await fleet.untilState(id, 'PreCommit1');
  expect(await audit(fleet.database.kysely, chainApiDouble())).toEqual([]);
  await b.stop();
});
