import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findMessage,
  insertMessage,
  insertMessageVersion,
  isDuplicateKey,
  listMessageSectors,
  listMessages,
  listMessagesOfSector,
  listMessageVersions,
  lockMessage,
  type NewMessage,
  patchMessage,
  raiseNextNonce,
  setMemberExitCode,
  takeNonce,
  transaction,
} from '#db';
import { createMigratedDatabase, type MigratedDatabase } from '#testing';
import { addMiner, addSector, MINER } from './fixtures.ts';

let store: MigratedDatabase;
beforeAll(async () => {
  store = await createMigratedDatabase({ poolSize: 20 });
  await addMiner(store.database);
});
afterAll(() => store.drop());

const intent = (from: string): NewMessage => ({
  miner: MINER,
  purpose: 'precommit',
  from_address: from,
  to_address: 't01000',
  method: 28,
  value: 10n ** 30n + 1n,
  params: 'gA==',
  max_fee: 5n,
});
const add = (from: string) => transaction(store.database, (trx) => insertMessage(trx, intent(from)));
const nonceFor = (id: number, from: string, atLeast = 0) =>
  transaction(store.database, (trx) => takeNonce(trx, id, from, atLeast));

describe('nonces', () => {
  it('are consecutive and never shared, however many intents ask at once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => add('t3race')));
    const nonces = await Promise.all(ids.map((id) => nonceFor(id, 't3race', 7)));
    expect(nonces.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 7));
  });

  it('one intent keeps its nonce, however often it asks', async () => {
    const id = await add('t3again');
    const asked = await Promise.all([1, 2, 3, 4].map(() => nonceFor(id, 't3again')));
    expect(new Set(asked)).toEqual(new Set([0]));
    expect(await nonceFor(id, 't3again', 50)).toBe(0);
    expect(await nonceFor(await add('t3again'), 't3again')).toBe(1);
    expect(await findMessage(store.database.kysely, id)).toMatchObject({ nonce: 0, state: 'nonce' });
  });

  it('never lie below what the chain has seen', async () => {
    await transaction(store.database, (trx) => raiseNextNonce(trx, 't3restored', 40));
    await transaction(store.database, (trx) => raiseNextNonce(trx, 't3restored', 12));
    expect(await nonceFor(await add('t3restored'), 't3restored')).toBe(40);
  });

  it('are refused to another sender’s message and to one that is past being an intent', async () => {
    const id = await add('t3mine');
    await expect(nonceFor(id, 't3other')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await patchMessage(store.database.kysely, id, ['intent'], { state: 'cancelled' });
    await expect(nonceFor(id, 't3mine')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('the database itself refuses one nonce for two intents', async () => {
    const [one, two] = [await add('t3key'), await add('t3key')];
    await patchMessage(store.database.kysely, one, ['intent'], { nonce: 3, state: 'nonce' });
    const second = patchMessage(store.database.kysely, two, ['intent'], { nonce: 3, state: 'nonce' });
    await expect(second).rejects.toSatisfy(isDuplicateKey);
  });
});

describe('a message', () => {
  it('keeps its amounts to the last attoFIL, and its members in order', async () => {
    const members = await Promise.all([3, 1, 2].map((number) => addSector(store.database, number)));
    const id = await transaction(store.database, (trx) => insertMessage(trx, intent('t3m'), members));
    const row = await transaction(store.database, (trx) => lockMessage(trx, id));
    expect(row).toMatchObject({ value: 10n ** 30n + 1n, max_fee: 5n, state: 'intent', gas_fee_cap: null });

    const [first] = members;
    if (!first) throw new Error('no members');
    await setMemberExitCode(store.database.kysely, id, first, 16);
    const listed = await listMessageSectors(store.database.kysely, id);
    expect(listed.map((member) => [member.number, member.exit_code])).toEqual([
      [3, 16],
      [1, null],
      [2, null],
    ]);
    expect(await listMessagesOfSector(store.database.kysely, first)).toMatchObject([{ id }]);
  });

  it('changes state only from where it was thought to be', async () => {
    const id = await add('t3s');
    const { kysely } = store.database;
    expect(await patchMessage(kysely, id, ['pushed'], { state: 'landed' })).toBe(false);
    expect(await patchMessage(kysely, id, ['intent', 'nonce'], { state: 'failed', error_code: 'X' })).toBe(
      true,
    );
    expect(await listMessages(kysely, { states: ['failed'], limit: 10 })).toMatchObject([
      { id, error_code: 'X' },
    ]);
  });

  it('stores each signed version once', async () => {
    const id = await add('t3v');
    const version = (cid: string, premium: bigint) =>
      insertMessageVersion(store.database.kysely, {
        message_id: id,
        cid,
        gas_limit: 1_000_000,
        gas_fee_cap: 100n,
        gas_premium: premium,
        signed: 'AA==',
      });
    await version('bafy1', 10n);
    await version('bafy1', 10n);
    await version('bafy2', 12n);
    const versions = await listMessageVersions(store.database.kysely, id);
    expect(versions.map((row) => [row.cid, row.gas_premium])).toEqual([
      ['bafy1', 10n],
      ['bafy2', 12n],
    ]);
  });

  it('that waits is listed as due only when its time has come', async () => {
    const id = await add('t3due');
    const { kysely } = store.database;
    const due = () => listMessages(kysely, { from: 't3due', isDue: true, limit: 10 });
    expect(await due()).toHaveLength(1);
    await patchMessage(kysely, id, ['intent'], { not_before: new Date(Date.now() + 3_600_000) });
    expect(await due()).toHaveLength(0);
  });
});
