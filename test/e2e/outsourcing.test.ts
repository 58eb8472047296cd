import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PHASE_NAMES, type SectorId, sectorName } from '#core';
import { findSector, findWorker, listRunsOfSector } from '#db';
import { LocalInstallation, type LocalModules } from '#local';
import { audit, pledgeSectors, whyWaiting } from '#sector';
import { type PrivateServers, startPrivateServers, waitFor } from '#testing';
import { CC_SECTOR } from './support/known-sectors.ts';

/** Does everything but C2, as a machine without a GPU. */
const SEALER = 'pc1-box';
/** Does nothing but C2 of others' sectors. */
const PROVER = 'c2-box';
/** One computed proof at most, on a machine that is busy. */
const SEALED_WITHIN_MS = 900_000;

let servers: PrivateServers;
let installation: LocalInstallation;
let modules: LocalModules;

beforeAll(async () => {
  const proofMemo = process.env.BEEPRO_C2_MEMO_DIR;
  if (!proofMemo) throw new Error('BEEPRO_C2_MEMO_DIR is not set: run the tests with npm test');
  mkdirSync(proofMemo, { recursive: true });
  servers = await startPrivateServers();
  installation = new LocalInstallation({
    env: { ...process.env, ...servers.env },
    dir: mkdtempSync(join(process.env.BEEPRO_RUN_DIR ?? tmpdir(), 'outsourced-')),
    sectorSize: '2KiB',
    blockTimeMs: 150,
    proofMemo,
    settings: [
      ...PHASE_NAMES.flatMap((phase) => [
        [`worker.limit.${phase}`, `worker:${SEALER}`, phase === 'commit2' ? '0' : '2'] as const,
        [`worker.limit.${phase}`, `worker:${PROVER}`, phase === 'commit2' ? '1' : '0'] as const,
      ]),
      ['worker.accept_outside_c2', `worker:${PROVER}`, 'true'],
      // The killed agent is back before its claim expires, however slow this machine is.
      ['worker.heartbeat_expiry', '*', '2m'],
    ],
  });
  await installation.startChain();
  await installation.configure();
  modules = await installation.open();
  const roles = [
    installation.startSealing(),
    installation.startWorker(SEALER),
    // Its agent dies when it has the proof and nobody else knows of it.
    installation.startWorker(PROVER, { BEEPRO_KILL_AT: 'run.result-journalled' }),
  ];
  await Promise.all(roles.map((role) => role.ready()));
});

afterAll(async () => {
  await modules?.[Symbol.asyncDispose]();
  await installation?.stop();
  await servers?.stop();
  if (installation) rmSync(installation.dir, { recursive: true, force: true });
});

test('a sector whose C2 another worker computes is proven on chain, though that worker’s agent is killed and Redis lost', async () => {
  const db = modules.db.kysely;
  const killed = installation.role(`worker ${PROVER}`).nextDeath();
  await pledgeSectors(modules, { miner: installation.miner, count: 1 });
  const id: SectorId = { miner: installation.miner, number: CC_SECTOR };
  expect(await killed).toBe('SIGKILL');
  await modules.bus.client.flushall();

  let standing = '';
  await waitFor(
    async () => {
      const sector = await findSector(db, id);
      standing = `${sector?.state} ${sector?.parked_reason ?? ''}`.trim();
      return sector?.state === 'Proving' || sector?.state === 'Parked';
    },
    { deadlineMs: SEALED_WITHIN_MS, intervalMs: 100, what: `${sectorName(id)} proving` },
  ).catch(async (error: unknown) => {
    throw new Error(`it is ${standing}, and waits for ${await whyWaiting(db, id)}`, { cause: error });
  });
  expect(standing).toBe('Proving');

  const runs = await listRunsOfSector(db, id);
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'done'));
  expect(Object.fromEntries(runs.map(({ phase, worker }) => [phase, worker]))).toEqual({
    'add-piece': SEALER,
    precommit1: SEALER,
    precommit2: SEALER,
    commit1: SEALER,
    commit2: PROVER,
    landing: SEALER,
    'clear-cache': SEALER,
  });
  // One claim of C2: the restarted agent took over what it had.
  expect(runs.find(({ phase }) => phase === 'commit2')).toMatchObject({ attempt: 1, claim: 1, crashes: 0 });
  expect(await findWorker(db, SEALER)).toMatchObject({
    capabilities: { listen: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) },
  });
  const inbox = join(installation.dir, 'state', 'workers', PROVER, 'c1');
  await waitFor(() => readdirSync(inbox).length === 0, { what: 'an empty inbox' });
  expect(await audit(db, modules.chain)).toEqual([]);
});
