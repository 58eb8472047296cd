import { afterAll, beforeAll, expect, test } from 'vitest';
import { preCommitParams, type SectorWithPieces } from '#chain';
import { MINER_METHODS, toBase64 } from '#codec';
import { insertMessage, patchMessage, recordForeign, type SectorRow } from '#db';
import { createMigratedDatabase, type MigratedDatabase } from '#testing';
import { addMiner, addSector, MINER } from '../db/fixtures.ts';
import { Cli } from './support/cli.ts';

const FROM = 't1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za';
let store: MigratedDatabase;
let cli: Cli;
let id: number;

beforeAll(async () => {
  store = await createMigratedDatabase();
  cli = new Cli({
    BEEPRO_MYSQL_URL: store.options.url,
    BEEPRO_MYSQL_PASSWORD_FILE: store.options.passwordFile,
    BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
    BEEPRO_REDIS_PASSWORD_FILE: process.env.BEEPRO_REDIS_PASSWORD_FILE,
  });
  await addMiner(store.database);
  const sector = await addSector(store.database, 7);
  const row = { ...sector, seal_proof: 5, comm_r: '01'.repeat(32), ticket_epoch: 40 } as SectorRow;
  const member: SectorWithPieces = { sector: row, pieces: [] };
  id = await insertMessage(
    store.database.kysely,
    {
      miner: MINER,
      purpose: 'precommit',
      from_address: FROM,
      to_address: 't01000',
      method: MINER_METHODS.PreCommitSectorBatch2.number,
      value: 10n ** 17n,
      params: toBase64(preCommitParams([member], 1_555_200)),
      max_fee: 10n ** 18n,
    },
    [sector],
  );
  await patchMessage(store.database.kysely, id, ['intent'], {
    error_code: 'MESSAGE_FEE_OVER_CAP',
    error_message: 'Sending now costs more',
    fee_needed: 2n * 10n ** 18n,
    waits_since: new Date(Date.now() - 60_000),
  });
  await recordForeign(store.database.kysely, {
    ...{ from_address: FROM, nonce: 3, cid: 'bafyforeign', to_address: 't01001', method: 0, value: 5n },
    ...{ content: null, signed: null },
  });
});
afterAll(() => store.drop());

test('list says what a message waits for, what is needed and allowed, and for how long', async () => {
  const { stdout } = await cli.run('message', 'list');
  const [head = '', line = ''] = stdout.split('\n');
  expect(head).toMatch(/^ID +MINER +PURPOSE +STATE +AGE +FROM +NONCE +CID +EXIT +WAITS FOR$/);
  expect(line).toMatch(/precommit +intent .*MESSAGE_FEE_OVER_CAP \(needs 2 FIL, cap 1 FIL\) for 1m0\ds$/);
  expect(stdout).toContain(`1 messages of ${FROM} are not ours: beepro message foreign`);
  expect(await cli.json('message', 'list', '--from', FROM)).toMatchObject([
    { id, fee_needed: `${2n * 10n ** 18n}` },
  ]);
  expect(await cli.json('message', 'list', '--from', 't01')).toEqual([]);
});

test('show decodes the parameters', async () => {
  const { stdout } = await cli.run('message', 'show', String(id));
  expect(stdout).toMatch(/^method +PreCommitSectorBatch2$/m);
  expect(stdout).toMatch(/"sectorNumber": 7/);
  expect(stdout).toMatch(/"expiration": 1555200/);
  expect(stdout).toContain('t01000/7');
  expect(await cli.json('message', 'show', String(id))).toMatchObject({
    params: { sectors: [{ sectorNumber: 7, sealRandEpoch: 40 }] },
    versions: [],
    nodes: [],
    sectors: [{ number: 7 }],
  });
});

test('foreign messages are listed', async () => {
  const { stdout } = await cli.run('message', 'foreign');
  expect(stdout).toMatch(/ 3 +bafyforeign +t01001 +Send +5 attoFIL .*open$/m);
  expect((await cli.run('message', 'foreign', '--from', 't01')).stdout).toContain('None');
});

test.each([
  [['replace', 'x'], 2, 'write a whole number'],
  [['replace', '1', '--premium', '5'], 2, 'write an amount with its unit'],
  [['replace', '1', '--fee-cap', 'much'], 2, 'write an amount with its unit'],
  [['replace', '1', '--max-fee', '1 bitcoin'], 2, 'write an amount with its unit'],
  [['list', '--state', 'lost'], 2, 'Allowed choices'],
  [['cancel'], 2, 'missing required argument'],
])('%j is refused in words', async (words, code, text) => {
  const result = await cli.run('message', ...words);
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(text);
});

test('cancel never sends an intent, once', async () => {
  expect(await cli.failure('message', 'cancel', '999')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
  const { stdout } = await cli.run('message', 'cancel', String(id));
  expect(stdout).toContain('is never sent; its sectors go back to batching');
  expect(await cli.json('message', 'show', String(id))).toMatchObject({
    message: { state: 'cancelled', nonce: null, error_code: 'MESSAGE_CANCELLED' },
  });
  expect(await cli.failure('message', 'cancel', String(id))).toMatchObject({
    code: 'MESSAGE_NOT_CANCELLABLE',
  });
});
