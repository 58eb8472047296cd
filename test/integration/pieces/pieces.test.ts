import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  findPiece,
  insertStoragePath,
  listPiecesOfSector,
  lockSector,
  markPiecesSealed,
  type PieceRow,
  patchSector,
  releasePieces,
  removePiece,
  replaceLandedFiles,
  transaction,
} from '#db';
import {
  addPiece,
  dropSealedCopies,
  fr32Pad,
  listFiles,
  listSectorsToClose,
  PieceStore,
  packStoredPieces,
  payloadOf,
  planRetrieval,
  retrievalFacts,
  writePiece,
} from '#pieces';
import { createMigratedDatabase, createTestFolder, type MigratedDatabase, type TestFolder } from '#testing';
import { addMiner } from '../db/fixtures.ts';

const SECTOR = 2_048;
let store: MigratedDatabase;
let folder: TestFolder;
let pieces: PieceStore;
let serial = 0;

beforeAll(async () => {
  store = await createMigratedDatabase();
  folder = await createTestFolder();
  pieces = new PieceStore(join(folder.path, 'store'));
});
afterAll(async () => {
  await store.drop();
  await folder.remove();
});

async function newFile(size: number): Promise<string> {
  serial += 1;
  const path = join(folder.path, `file-${serial}`);
  const block = createHash('sha256').update(String(serial)).digest();
  await writeFile(path, Buffer.alloc(size, block));
  return path;
}

const newMiner = async () => {
  const id = 5_000 + serial++;
  await addMiner(store.database, id);
  return id;
};
const modules = () => ({ database: store.database, store: pieces });
const add = (path: string, miner: number, again = false) =>
  addPiece(modules(), { path, miner, sectorBytes: SECTOR, format: 'file', again });
const pack = (miner: number, maxPieces = 10) =>
  transaction(store.database, (trx) =>
    packStoredPieces(trx, {
      miner,
      sealProof: 5,
      sectorBytes: SECTOR,
      maxPieces,
      nextFreeOnChain: (from) => from,
    }),
  );
const inIncoming = () => readdir(join(pieces.folder, 'incoming'));

describe('adding a piece', () => {
  it('keeps a verified copy and what it is known by', async () => {
    const miner = await newMiner();
    const path = await newFile(1_000);
    const { piece, isNew } = await add(path, miner);
    const data = await readFile(path);
    expect(isNew).toBe(true);
    expect(piece).toMatchObject({
      miner,
      number: null,
      raw_size: 1_000,
      padded_size: 1_024,
      status: 'stored',
      sha256: createHash('sha256').update(data).digest('hex'),
      cid: expect.stringMatching(/^baga6ea4seaq/),
    });
    expect(await readFile(piece.path ?? '')).toEqual(data);
    expect(await inIncoming()).toEqual([]);
  });

  it('of the same data again finds it, unless another copy is asked for', async () => {
    const miner = await newMiner();
    const path = await newFile(300);
    const first = await add(path, miner);
    expect(await add(path, miner)).toEqual({ piece: first.piece, isNew: false });
    const second = await add(path, miner, true);
    expect(second).toMatchObject({ isNew: true, piece: { cid: first.piece.cid, copy: 1 } });
    expect(second.piece.path).not.toBe(first.piece.path);
    expect(await removePiece(store.database.kysely, first.piece.id)).toBe(true);
    expect((await add(path, miner)).piece).toMatchObject({ copy: 1 });
  });

  it('many times at once is one piece', async () => {
    const miner = await newMiner();
    const path = await newFile(500);
    const added = await Promise.all(Array.from({ length: 6 }, () => add(path, miner)));
    expect(added.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(added.map(({ piece }) => piece.id)).size).toBe(1);
    const copies = await Promise.all(Array.from({ length: 4 }, () => add(path, miner, true)));
    expect(copies.map(({ piece }) => piece.copy).toSorted()).toEqual([1, 2, 3, 4]);
    for (const { piece } of copies) expect((await stat(piece.path ?? '')).size).toBe(500);
    expect(await inIncoming()).toEqual([]);
  });

  it('refuses what is no piece, and leaves nothing behind', async () => {
    const miner = await newMiner();
    const before = await readdir(pieces.folder);
    const text = await newFile(100);
    const cases: [string, Partial<Parameters<typeof addPiece>[1]>, string][] = [
      [await newFile(0), {}, 'PIECE_EMPTY'],
      [await newFile(payloadOf(SECTOR) + 1), {}, 'PIECE_TOO_LARGE'],
      [join(folder.path, 'none'), {}, 'PIECE_NOT_A_FILE'],
      [folder.path, {}, 'PIECE_NOT_A_FILE'],
      [text, { format: 'car' }, 'PIECE_NOT_A_CAR'],
    ];
    for (const [path, more, code] of cases) {
      const request = { path, miner, sectorBytes: SECTOR, format: 'file', ...more } as const;
      await expect(addPiece(modules(), request), code).rejects.toMatchObject({ code });
    }
    expect(await readdir(pieces.folder)).toEqual(before);
    expect(await inIncoming()).toEqual([]);
  });

  it('of a full sector and of one byte', async () => {
    const miner = await newMiner();
    expect((await add(await newFile(payloadOf(SECTOR)), miner)).piece.padded_size).toBe(SECTOR);
    expect((await add(await newFile(1), miner)).piece.padded_size).toBe(128);
  });

  it('what an interrupted addition left is swept after a day', async () => {
    const stale = join(pieces.folder, 'incoming', 'stale');
    await writeFile(stale, 'x');
    await utimes(stale, new Date(0), new Date(0));
    await writeFile(join(pieces.folder, 'incoming', 'fresh'), 'x');
    expect(await pieces.sweepIncoming()).toBe(1);
    expect(await inIncoming()).toEqual(['fresh']);
    await pieces.drop({ path: join(pieces.folder, 'incoming', 'fresh') });
  });

  it('a folder stands for its files, in order', async () => {
    const root = join(folder.path, 'many');
    await mkdir(join(root, 'b'), { recursive: true });
    for (const name of ['z', 'a', 'b/m']) await writeFile(join(root, name), name);
    expect(await listFiles(root)).toEqual(['a', 'b/m', 'z'].map((name) => join(root, name)));
    expect(await listFiles(join(root, 'z'))).toEqual([join(root, 'z')]);
    await expect(listFiles(join(root, 'none'))).rejects.toMatchObject({ code: 'PIECE_NOT_A_FILE' });
  });
});

describe('packing', () => {
  const places = (rows: readonly PieceRow[]) =>
    rows.map((piece) => [piece.padded_size, piece.sector_offset, piece.sector_index, piece.status]);

  it('puts pieces largest first, and re-orders when more come', async () => {
    const miner = await newMiner();
    for (const size of [100, 1_000]) await add(await newFile(size), miner);
    expect(await pack(miner)).toEqual({ packed: 2, opened: [{ miner, number: 0 }] });
    await add(await newFile(500), miner);
    expect(await pack(miner)).toEqual({ packed: 1, opened: [] });
    expect(places(await listPiecesOfSector(store.database.kysely, { miner, number: 0 }))).toEqual([
      [1_024, 0, 0, 'packed'],
      [512, 1_024, 1, 'packed'],
      [128, 1_536, 2, 'packed'],
    ]);
    expect(await pack(miner)).toEqual({ packed: 0, opened: [] });
  });

  it('opens as many sectors as it takes, and by several processes at once doubles nothing', async () => {
    const miner = await newMiner();
    const added: PieceRow[] = [];
    for (const size of [2_000, 1_000, 1_000, 2_000, 500])
      added.push((await add(await newFile(size), miner)).piece);
    const outcomes = await Promise.all([pack(miner), pack(miner), pack(miner)]);
    expect(outcomes.reduce((sum, outcome) => sum + outcome.packed, 0)).toBe(5);
    expect(outcomes.flatMap((outcome) => outcome.opened)).toHaveLength(4);
    const rows = await Promise.all(added.map((piece) => findPiece(store.database.kysely, piece.id)));
    expect(new Set(rows.map((row) => `${row?.number}/${row?.sector_index}`)).size).toBe(5);
  });

  it('does not touch a sector that has been closed', async () => {
    const miner = await newMiner();
    await add(await newFile(100), miner);
    await pack(miner);
    await patchSector(store.database.kysely, { miner, number: 0 }, { state: 'AddPiece' });
    await add(await newFile(100), miner);
    expect(await pack(miner)).toEqual({ packed: 1, opened: [{ miner, number: 1 }] });
  });

  it('says which sectors are sealed now, and why', async () => {
    const miner = await newMiner();
    const close = (waitMs: number, maxPieces = 10) =>
      listSectorsToClose(store.database.kysely, { miner, sectorBytes: SECTOR, maxPieces, waitMs });
    await add(await newFile(2_000), miner);
    await add(await newFile(100), miner);
    await pack(miner);
    expect(await close(3_600_000)).toEqual([{ miner, number: 0, reason: 'full' }]);
    expect(await close(3_600_000, 1)).toHaveLength(2);
    await sql`UPDATE sector SET state_at = NOW(3) - INTERVAL 2 HOUR WHERE miner = ${miner}`.execute(
      store.database.kysely,
    );
    expect(await close(3_600_000)).toContainEqual({ miner, number: 1, reason: 'waited long enough' });
  });

  it('pieces of a sector that is given up are packed anew, for the same miner', async () => {
    const miner = await newMiner();
    const { piece } = await add(await newFile(100), miner);
    await pack(miner);
    await transaction(store.database, async (trx) => {
      await lockSector(trx, { miner, number: 0 });
      expect(await releasePieces(trx, { miner, number: 0 })).toBe(1);
    });
    await patchSector(store.database.kysely, { miner, number: 0 }, { state: 'Removed' });
    expect(await pack(miner)).toEqual({ packed: 1, opened: [{ miner, number: 1 }] });
    expect(await findPiece(store.database.kysely, piece.id)).toMatchObject({
      miner,
      number: 1,
      status: 'packed',
    });
  });
});

describe('retrieval', () => {
  it('gives the same bytes from the stored copy, from the unsealed copy, and asks for unsealing at last', async () => {
    const miner = await newMiner();
    const id = { miner, number: 0 };
    const files = [await newFile(700), await newFile(1), await newFile(300)];
    const added: PieceRow[] = [];
    for (const file of files) added.push((await add(file, miner)).piece);
    await pack(miner);
    const { kysely } = store.database;
    const out = join(folder.path, 'retrieved');
    const plan = async (piece: PieceRow, ways?: Parameters<typeof planRetrieval>[3]) =>
      planRetrieval(piece.cid, out, await retrievalFacts(kysely, piece.cid), ways)[0];

    for (const [index, piece] of added.entries()) {
      const stored = await plan(piece);
      if (stored.way !== 'stored') throw new Error(stored.way);
      await writePiece(stored, out);
      expect(await readFile(out)).toEqual(await readFile(files[index] ?? ''));
      await expect(plan(piece, ['unsealed', 'unseal'])).rejects.toMatchObject({
        code: 'PIECE_NOT_RETRIEVABLE',
      });
    }

    const payload = Buffer.alloc(payloadOf(SECTOR));
    for (const row of await listPiecesOfSector(kysely, id)) {
      payload.set(await readFile(row.path ?? ''), payloadOf(row.sector_offset ?? 0));
    }
    await writeFile(join(folder.path, 'unsealed'), fr32Pad(payload));
    const storage_id = await insertStoragePath(kysely, {
      name: `store-${miner}`,
      path: folder.path,
      can_seal: false,
      can_store: true,
    });
    const landed = (kind: 'sealed' | 'unsealed') => ({
      kind,
      storage_id,
      path: kind,
      size: SECTOR,
      sha256: '0'.repeat(64),
    });
    await transaction(store.database, async (trx) => {
      await replaceLandedFiles(trx, id, { attempt: 1, claim: 1 }, [landed('sealed'), landed('unsealed')]);
      await markPiecesSealed(trx, id);
    });
    expect(await dropSealedCopies(store.database, pieces, id)).toBe(3);
    expect(await dropSealedCopies(store.database, pieces, id)).toBe(0);

    for (const [index, piece] of added.entries()) {
      const unsealed = await plan(piece);
      if (unsealed.way !== 'unsealed') throw new Error(unsealed.way);
      await writePiece(unsealed, out);
      expect(await readFile(out)).toEqual(await readFile(files[index] ?? ''));
    }

    const [first] = added;
    if (!first) throw new Error('no pieces');
    expect(await plan(first, ['unseal'])).toMatchObject({
      way: 'unseal',
      sector: id,
      request: {
        out,
        offset: 0,
        size: 700,
        paddedSize: 1_024,
        commP: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
  });

  it('refuses bytes that are not what was added, and leaves no file', async () => {
    const miner = await newMiner();
    const { piece } = await add(await newFile(900), miner);
    await truncate(piece.path ?? '', 899);
    const out = join(folder.path, 'damaged');
    const plan = { way: 'stored', piece, path: piece.path ?? '' } as const;
    await expect(writePiece(plan, out)).rejects.toMatchObject({ code: 'PIECE_DATA_DIFFERS' });
    await expect(writePiece({ ...plan, path: '/none/here' }, out)).rejects.toMatchObject({
      code: 'STORAGE_FILE_MISSING',
    });
    expect((await readdir(folder.path)).filter((name) => name.startsWith('damaged'))).toEqual([]);
  });

  it('knows what it does not know', async () => {
    const facts = await retrievalFacts(store.database.kysely, 'baga-unknown');
    expect(() => planRetrieval('baga-unknown', '/x', facts)).toThrow(
      expect.objectContaining({ code: 'PIECE_UNKNOWN' }),
    );
  });
});
