import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sectorBytes } from '#core';
import { findPiece, findSector, listRunsOfSector, listSectors, markPiecesSealed, transaction } from '#db';
import { addPiece, PieceStore } from '#pieces';
import { createTestFolder, type TestFolder } from '#testing';
import { incomingPiecesDuty, piecesDuty, sealedCopiesDuty } from '../../../src/roles/sealing/index.ts';
import { createSealingRig, type SealingRig } from './sealing-rig.ts';

let rig: SealingRig;
let folder: TestFolder;
let store: PieceStore;

beforeAll(async () => {
  rig = await createSealingRig({ paused: true });
  folder = await createTestFolder();
  store = new PieceStore(join(folder.path, 'pieces'));
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
  await folder.remove();
});

const never = new AbortController().signal;
const pass = (): Promise<void> => piecesDuty(rig.modules).pass(never);

async function add(name: string, bytes: number) {
  const path = join(folder.path, name);
  await writeFile(path, Buffer.alloc(bytes, name));
  const request = { path, miner: rig.miner, sectorBytes: sectorBytes('2KiB'), format: 'file' } as const;
  return (await addPiece({ database: rig.modules.db, store }, request)).piece;
}

async function sectors() {
  return listSectors(rig.modules.db.kysely, { miner: rig.miner, limit: 10 });
}

test('a piece waits in a sector for others until piece.wait is over', async () => {
  await rig.set('piece.wait', '1h');
  await pass();
  expect(await sectors()).toEqual([]);

  const first = await add('first', 400);
  await pass();
  await pass();
  expect(await sectors()).toMatchObject([{ state: 'Packing', kind: 'data' }]);
  const second = await add('second', 400);
  await pass();
  const [sector] = await sectors();
  for (const { id } of [first, second]) {
    expect(await findPiece(rig.modules.db.kysely, id)).toMatchObject({
      status: 'packed',
      number: sector?.number,
    });
  }

  await rig.set('piece.wait', '0s');
  await pass();
  expect(await sectors()).toMatchObject([{ state: 'AddPiece' }]);
  if (sector)
    expect(await listRunsOfSector(rig.modules.db.kysely, sector)).toMatchObject([{ phase: 'add-piece' }]);
});

test('a full sector is sealed without waiting', async () => {
  await rig.set('piece.wait', '1h');
  await add('whole', 2032);
  await pass();
  expect(await sectors()).toMatchObject([{ state: 'AddPiece' }, { state: 'AddPiece' }]);
});

test('stored copies go when their sector is final, and no sooner', async () => {
  const { db } = rig.modules;
  const [sector] = await sectors();
  if (!sector) throw new Error('the first test packs a sector');
  const drop = () => sealedCopiesDuty(rig.modules).pass(never);
  const paths = async () => {
    const rows = await db.kysely.selectFrom('piece').select(['path', 'number']).orderBy('id').execute();
    return rows.filter((row) => row.number === sector.number).map((row) => row.path);
  };
  const before = await paths();
  await drop();
  expect(await paths()).toEqual(before);
  expect(before.every((path) => path !== null && existsSync(path))).toBe(true);

  await transaction(db, (trx) => markPiecesSealed(trx, sector));
  await drop();
  expect(await paths()).toEqual([null, null]);
  expect(before.some((path) => path !== null && existsSync(path))).toBe(false);
  expect(await findSector(db.kysely, sector)).toMatchObject({ state: 'AddPiece' });
});

test('a store that this host does not see is left alone', async () => {
  const { db } = rig.modules;
  const elsewhere = '/nowhere/on/this/host/piece';
  await db.kysely
    .updateTable('piece')
    .set({ status: 'sealed', path: elsewhere })
    .where('name', '=', 'whole')
    .execute();
  await sealedCopiesDuty(rig.modules).pass(never);
  const row = await db.kysely
    .selectFrom('piece')
    .select('path')
    .where('name', '=', 'whole')
    .executeTakeFirst();
  expect(row?.path).toBe(elsewhere);
});

test('what a killed addition left goes after a day, and no store is made where there is none', async () => {
  const incoming = join(folder.path, 'other', 'incoming');
  const duty = incomingPiecesDuty(rig.modules, () => join(folder.path, 'other'));
  await duty.pass(never);
  expect(existsSync(incoming)).toBe(false);
  await mkdir(incoming, { recursive: true });
  const [stale, fresh] = [join(incoming, 'stale.tmp'), join(incoming, 'fresh.tmp')];
  for (const path of [stale, fresh]) await writeFile(path, 'half');
  await utimes(stale, new Date(0), new Date(0));
  await duty.pass(never);
  expect([stale, fresh].map((path) => existsSync(path))).toEqual([false, true]);
});
