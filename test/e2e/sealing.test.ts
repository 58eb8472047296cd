import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readEnvironment, type SettingName } from '#config';
import { PHASE_NAMES, type SectorId, sealProof, sectorName } from '#core';
import { findSector, findWorker, listLandedFiles, listPiecesOfSector, listRunsOfSector } from '#db';
import { LocalInstallation, type LocalModules } from '#local';
import { audit, pledgeSectors, whyWaiting } from '#sector';
import {
  createTestFolder,
  type PrivateServers,
  startPrivateServers,
  type TestFolder,
  waitFor,
} from '#testing';
import { addPieces } from '../../src/cli/piece-adding.ts';
import { type RetrieveRequest, retrievePiece } from '../../src/cli/piece-retrieval.ts';
import { CC_SECTOR, DATA_PIECES, DATA_SECTOR, SYNTHETIC_SECTOR } from './support/known-sectors.ts';

/** Two computed proofs at most, on a machine that is busy. */
const SEALED_WITHIN_MS = 900_000;
const SEALER = 'sealer';
const IDLE = 'idle';

let servers: PrivateServers;
let installation: LocalInstallation;
let modules: LocalModules;
let folder: TestFolder;

beforeAll(async () => {
  const proofMemo = process.env.BEEPRO_C2_MEMO_DIR;
  if (!proofMemo) throw new Error('BEEPRO_C2_MEMO_DIR is not set: run the tests with npm test');
  mkdirSync(proofMemo, { recursive: true });
  folder = await createTestFolder();
  servers = await startPrivateServers();
  installation = new LocalInstallation({
    env: { ...process.env, ...servers.env },
    dir: mkdtempSync(join(process.env.BEEPRO_RUN_DIR ?? tmpdir(), 'e2e-')),
    sectorSize: '2KiB',
    blockTimeMs: 150,
    proofMemo,
    settings: [
      ['piece.wait', '*', '1h'],
      // As a fresh installation has it: who is not given limits takes nothing.
      ...PHASE_NAMES.flatMap((phase) => [
        [`worker.limit.${phase}`, '*', '0'] as const,
        [`worker.limit.${phase}`, `worker:${SEALER}`, phase === 'commit2' ? '1' : '2'] as const,
      ]),
    ],
  });
  await installation.startChain();
  await installation.configure();
  modules = await installation.open();
  const roles = [
    installation.startSealing(),
    installation.startWorker(SEALER),
    installation.startWorker(IDLE),
  ];
  await Promise.all(roles.map((role) => role.ready()));
});

afterAll(async () => {
  await modules?.[Symbol.asyncDispose]();
  await installation?.stop();
  await servers?.stop();
  await folder?.remove();
  if (installation) rmSync(installation.dir, { recursive: true, force: true });
});

const sectorOf = (number: number): SectorId => ({ miner: installation.miner, number });

/** As an operator with an SQL prompt. */
async function setBySql(name: SettingName, value: string): Promise<void> {
  await sql`INSERT INTO setting (name, scope, value) VALUES (${name}, '*', ${value})
    ON DUPLICATE KEY UPDATE value = VALUES(value)`.execute(modules.db.kysely);
}

async function reaches(id: SectorId, state: string): Promise<void> {
  let standing = '';
  await waitFor(
    async () => {
      const sector = await findSector(modules.db.kysely, id);
      standing = `${sector?.state} ${sector?.parked_code ?? ''} ${sector?.parked_reason ?? ''}`;
      return sector?.state === state || sector?.state === 'Parked';
    },
    { deadlineMs: SEALED_WITHIN_MS, intervalMs: 100, what: `${sectorName(id)} ${state}` },
  ).catch(async (error: unknown) => {
    const why = await whyWaiting(modules.db.kysely, id);
    throw new Error(`${sectorName(id)} is ${standing}, and waits for ${why}`, { cause: error });
  });
  expect(standing.trim()).toBe(state);
}

/** What the landed files are, once each was read and found as recorded. */
async function landedKinds(id: SectorId): Promise<string[]> {
  const files = await listLandedFiles(modules.db.kysely, id);
  for (const { path, sha256, size } of files) {
    const data = await readFile(join(installation.storageDir, path));
    expect([data.length, createHash('sha256').update(data).digest('hex')], path).toEqual([size, sha256]);
  }
  return [...new Set(files.map(({ kind }) => kind))].sort();
}

test('a sector without data is sealed, proven, landed and cleared', async () => {
  const [number] = await pledgeSectors(modules, { miner: installation.miner, count: 1 });
  expect(number).toBe(CC_SECTOR);
  const id = sectorOf(CC_SECTOR);
  await reaches(id, 'Proving');
  expect(await landedKinds(id)).toEqual(['cache', 'sealed']);
  expect(existsSync(join(installation.dir, 'workspace', SEALER, sectorName(id)))).toBe(false);
});

test('two pieces share a sector, and come back from the copy that is kept and from the sealed sector', async () => {
  const paths: string[] = [];
  for (const [index, data] of DATA_PIECES.entries()) {
    const path = join(folder.path, `piece-${index}`);
    await writeFile(path, data);
    paths.push(path);
  }
  const environment = readEnvironment(installation.env);
  const { db, settings } = modules;
  const { added } = await addPieces({ db, settings, environment }, { paths, format: 'file' });
  expect(added.map(({ isNew }) => isNew)).toEqual([true, true]);
  const id = sectorOf(DATA_SECTOR);
  await waitFor(async () => (await listPiecesOfSector(db.kysely, id)).length === 2);
  await setBySql('piece.wait', '0s');
  await reaches(id, 'Proving');
  expect(await landedKinds(id)).toEqual(['cache', 'sealed', 'unsealed']);
  expect(await listPiecesOfSector(db.kysely, id)).toMatchObject([
    { raw_size: 500, sector_offset: 0, status: 'sealed' },
    { raw_size: 200, sector_offset: 512, status: 'sealed' },
  ]);

  const out = join(folder.path, 'retrieved');
  for (const [index, { piece }] of added.entries()) {
    // Whatever became of the copy that was made when it was added.
    await rm(piece.path ?? '', { force: true });
    const retrieve = (more: Partial<RetrieveRequest> = {}) =>
      retrievePiece(modules, { cid: piece.cid, out, timeoutMs: 60_000, ...more });
    for (const [ways, way] of [
      [undefined, 'unsealed'],
      [['unseal'], 'unseal'],
    ] as const) {
      await rm(out, { force: true });
      expect(await retrieve({ ways })).toEqual({ way, bytes: piece.raw_size, sha256: piece.sha256 });
      expect(new Uint8Array(await readFile(out))).toEqual(DATA_PIECES[index]);
    }
  }

  // Without the unsealed copy the sealed sector is enough, and nothing else of it is touched.
  const [first] = added;
  if (!first) throw new Error('two were added');
  const unsealed = (await listLandedFiles(db.kysely, id)).find(({ kind }) => kind === 'unsealed');
  await rm(join(installation.storageDir, unsealed?.path ?? 'none'));
  const skipped: string[] = [];
  const retrieved = await retrievePiece(modules, {
    cid: first.piece.cid,
    out,
    timeoutMs: 60_000,
    onSkipped: ({ way }) => skipped.push(way),
  });
  expect(retrieved.way).toBe('unseal');
  expect(skipped).toContain('unsealed');
  expect(new Uint8Array(await readFile(out))).toEqual(DATA_PIECES[0]);
  expect(readdirSync(folder.path).filter((name) => name.includes('unsealed'))).toEqual([]);
  const runs = await listRunsOfSector(db.kysely, id);
  expect(runs.filter(({ phase }) => phase === 'unseal').map(({ status }) => status)).toEqual(
    Array.from({ length: 3 }, () => 'done'),
  );
});

test('a synthetic sector gives its layers back before its seed arrives', async () => {
  // It stays in its batch until it was looked at.
  await setBySql('batch.precommit.wait', '1h');
  await setBySql('seal.proof', 'synthetic');
  await waitFor(() => modules.settings.get('seal.proof', { miner: installation.miner }) === 'synthetic');
  const [number] = await pledgeSectors(modules, { miner: installation.miner, count: 1 });
  expect(number).toBe(SYNTHETIC_SECTOR);
  const id = sectorOf(SYNTHETIC_SECTOR);
  await reaches(id, 'PreCommitBatching');
  const names = readdirSync(join(installation.dir, 'workspace', SEALER, sectorName(id), 'cache'));
  expect(names.filter((name) => /layer|tree-[cd]/.test(name))).toEqual([]);
  expect(names).toContain('syn-porep-vanilla-proofs.dat');

  await setBySql('batch.precommit.wait', '0s');
  await reaches(id, 'Proving');
  expect(await landedKinds(id)).toEqual(['cache', 'sealed']);
  const onChain = await modules.chain.stateMinerSectors(`t0${installation.miner}`, null, []);
  expect(onChain.map(({ sectorNumber, sealProof: proof }) => [sectorNumber, proof])).toEqual([
    [CC_SECTOR, sealProof('2KiB', 'interactive').id],
    [DATA_SECTOR, sealProof('2KiB', 'interactive').id],
    [SYNTHETIC_SECTOR, sealProof('2KiB', 'synthetic').id],
  ]);
});

test('rows and chain agree, and the worker without limits has taken nothing', async () => {
  expect(await audit(modules.db.kysely, modules.chain)).toEqual([]);
  expect(await findWorker(modules.db.kysely, IDLE)).toBeDefined();
  const runs = await modules.db.kysely
    .selectFrom('phase_run')
    .select('worker')
    .distinct()
    .where('worker', 'is not', null)
    .execute();
  expect(runs).toEqual([{ worker: SEALER }]);
});
