import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeParamsOf, fromBase64, MINER_METHODS } from '#codec';
import { findMessage, findSector, listMessages } from '#db';
import { LocalInstallation, type LocalModules } from '#local';
import { audit, pledgeSectors } from '#sector';
import { type PrivateServers, startPrivateServers, waitFor } from '#testing';

/** Proofs of sectors 0 to 3, of which the memo knows each after its first time, on a machine that is busy. */
const SEALED_WITHIN_MS = 1_100_000;
const SECTORS = 4;

let servers: PrivateServers;
let dir: string;
let installation: LocalInstallation;
let modules: LocalModules;

beforeAll(async () => {
  const proofMemo = process.env.BEEPRO_C2_MEMO_DIR;
  if (!proofMemo) throw new Error('BEEPRO_C2_MEMO_DIR is not set: run the tests with npm test');
  mkdirSync(proofMemo, { recursive: true });
  dir = mkdtempSync(join(process.env.BEEPRO_RUN_DIR ?? tmpdir(), 'e2e-aggregate-'));
  servers = await startPrivateServers();
  installation = new LocalInstallation({
    env: { ...process.env, ...servers.env, FIL_PROOFS_PARAMETER_CACHE: await parametersWithSrs(dir) },
    dir,
    sectorSize: '2KiB',
    blockTimeMs: 150,
    proofMemo,
    settings: [
      ['batch.precommit.min', '*', String(SECTORS)],
      ['batch.commit.min', '*', String(SECTORS)],
      ['batch.commit.aggregate', '*', 'on'],
    ],
  });
  await installation.startChain();
  await installation.configure();
  modules = await installation.open();
  await Promise.all(
    [installation.startSealing(), installation.startWorker('sealer')].map((role) => role.ready()),
  );
});

afterAll(async () => {
  await modules?.[Symbol.asyncDispose]();
  await installation?.stop();
  await servers?.stop();
  if (dir) rmSync(dir, { recursive: true, force: true });
});

/** The machine's parameters, and beside them an SRS made for this test: its own folder, so that nobody else sees it. */
async function parametersWithSrs(folder: string): Promise<string> {
  const from = process.env.FIL_PROOFS_PARAMETER_CACHE ?? '/var/tmp/filecoin-proof-parameters';
  const to = join(folder, 'parameters');
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name === 'beepro-params.json') copyFileSync(join(from, name), join(to, name));
    else if (!name.startsWith('.')) symlinkSync(join(from, name), join(to, name));
  }
  const generate = ['params', 'generate', '--kind', 'srs', '--sector-size', '2048', '--dir', to];
  await promisify(execFile)(process.env.BEEPRO_SEALER_BIN ?? '', generate);
  return to;
}

test('real proofs of four sectors go as one, made by the real sealer and verified by the chain', async () => {
  const numbers = await pledgeSectors(modules, { miner: installation.miner, count: SECTORS });
  const sectors = await waitFor(
    async () => {
      const rows = await Promise.all(
        numbers.map((number) => findSector(modules.db.kysely, { miner: installation.miner, number })),
      );
      return rows.every((row) => row?.state === 'Proving') && rows;
    },
    { deadlineMs: SEALED_WITHIN_MS, intervalMs: 250, what: 'four sectors Proving' },
  );
  const messages = await listMessages(modules.db.kysely, { limit: 100 });
  expect(messages.map(({ purpose, state }) => [purpose, state])).toEqual([
    ['precommit', 'final'],
    ['commit', 'final'],
  ]);
  const message = await findMessage(modules.db.kysely, sectors[0]?.commit_message ?? 0);
  const bytes = fromBase64(message?.params ?? '') ?? new Uint8Array();
  const params = decodeParamsOf(MINER_METHODS.ProveCommitSectors3, bytes, 't');
  expect(params).toMatchObject({ sectorProofs: [], aggregateProofType: 1 });
  // Measured: an aggregate of four Groth16 proofs.
  expect(params.aggregateProof).toHaveLength(8_212);
  expect(params.sectorActivations.map(({ sectorNumber }) => sectorNumber)).toEqual(numbers);
  expect(await audit(modules.db.kysely, modules.chain)).toEqual([]);
});
