import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SectorId } from '#core';
import { findSector, findWorker, listLandedFiles, listRunsOfSector, listSectorEvents } from '#db';
import { LocalInstallation, type LocalModules } from '#local';
import { pledgeSectors } from '#sector';
import {
  createTestFolder,
  type PrivateServers,
  startPrivateServers,
  type TestFolder,
  waitFor,
} from '#testing';
import { PROFILE, sealersOf } from './support.ts';

const SPEED = 600;
let folder: TestFolder;
let installation: LocalInstallation;
let modules: LocalModules;
let servers: PrivateServers;

beforeAll(async () => {
  folder = await createTestFolder();
  servers = await startPrivateServers();
  installation = new LocalInstallation({
    env: { ...process.env, ...servers.env },
    dir: folder.path,
    sectorSize: '2KiB',
    blockTimeMs: 300,
    replay: { profile: PROFILE, speed: SPEED, seed: 'test' },
    // However slowly an agent starts again: its claim is not given to anybody meanwhile.
    settings: [['worker.heartbeat_expiry', '*', '2m']],
  });
  await installation.startChain();
  await installation.configure();
  installation.startSealing();
  await Promise.all([installation.role('sealing').ready(), installation.startWorker('player').ready()]);
  modules = await installation.open();
});
afterAll(async () => {
  await modules?.[Symbol.asyncDispose]();
  await installation?.stop();
  await servers?.stop();
  await folder?.remove();
});

async function pledge(): Promise<SectorId> {
  const [number = 0] = await pledgeSectors(modules, { miner: installation.miner, count: 1 });
  return { miner: installation.miner, number };
}

async function proving(id: SectorId) {
  return waitFor(
    async () => {
      const sector = await findSector(modules.db.kysely, id);
      if (sector?.state === 'Parked') throw new Error(`parked: ${sector.parked_reason}`);
      return sector?.state === 'Proving' ? sector : undefined;
    },
    { deadlineMs: 110_000, what: `sector ${id.number} to prove` },
  );
}

test('the real agent takes a sector to Proving with a stand-in, and says everywhere that it is one', async () => {
  expect(await modules.chain.stateNetworkName()).toBe('beepro-devnet-replay');
  const id = await pledge();
  const sector = await proving(id);
  expect(Buffer.from(sector.proof ?? '', 'hex').toString('latin1')).toMatch(/^beepro-replay:not-a-proof:/);
  expect((await listLandedFiles(modules.db.kysely, id)).length).toBeGreaterThan(1);

  const runs = await listRunsOfSector(modules.db.kysely, id, ['done']);
  const standIns = runs.filter((run) => run.result?.standIn === 'replay').map((run) => run.phase);
  expect(standIns).toEqual(['add-piece', 'precommit1', 'precommit2', 'commit1', 'commit2']);
  const log = await listSectorEvents(modules.db.kysely, id, { limit: 500 });
  const accepted = log.filter((entry) => entry.event === 'run.accepted' && entry.data?.standIn === 'replay');
  expect(accepted).toHaveLength(5);
  const worker = await findWorker(modules.db.kysely, 'player');
  expect(worker?.capabilities).toMatchObject({ stand_in: 'replay', profile: 'test-machine', speed: SPEED });
}, 120_000);

test('a stand-in that is killed is replaced, and the sector goes on', async () => {
  const id = await pledge();
  const run = await waitFor(
    async () => {
      const running = await listRunsOfSector(modules.db.kysely, id, ['running']);
      return running.find((one) => one.phase === 'precommit1');
    },
    { deadlineMs: 60_000, what: 'PC1 to run' },
  );
  const killed = await waitFor(
    () => {
      const sealer = sealersOf(installation.dir, 'player').find((one) => one.runs.includes(run.id));
      if (sealer) process.kill(sealer.pid, 'SIGKILL');
      return sealer;
    },
    { what: 'its sealer' },
  );
  expect(killed.pid).toBeGreaterThan(0);
  await proving(id);
  const ended = await listRunsOfSector(modules.db.kysely, id);
  const ofPhase = ended.filter((one) => one.phase === 'precommit1');
  expect(ofPhase.map((one) => one.status)).toEqual(['failed', 'done']);
  expect(ofPhase[0]?.error_code).toBe('SEALER_DIED');
}, 120_000);

test('an agent that is killed finds its stand-in again by the journal, which has played on', async () => {
  const id = await pledge();
  const run = await waitFor(
    async () => {
      const running = await listRunsOfSector(modules.db.kysely, id, ['running']);
      return running.find((one) => one.phase === 'precommit1');
    },
    { deadlineMs: 60_000, what: 'PC1 to run' },
  );
  const before = await waitFor(
    () => sealersOf(installation.dir, 'player').find((one) => one.runs.includes(run.id)),
    {
      what: 'its sealer',
    },
  );
  installation.role('worker player').signal('SIGKILL');
  await proving(id);
  const ended = (await listRunsOfSector(modules.db.kysely, id)).filter((one) => one.phase === 'precommit1');
  expect(ended.map((one) => [one.status, one.claim])).toEqual([['done', 1]]);
  expect(before.pid).toBeGreaterThan(0);
}, 120_000);
