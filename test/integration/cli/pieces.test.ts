import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPiece, listPieces, saveMiner } from '#db';
import { createMigratedDatabase, createTestFolder, type MigratedDatabase, type TestFolder } from '#testing';
import { Cli } from './support/cli.ts';

let store: MigratedDatabase;
let folder: TestFolder;
let cli: Cli;

beforeAll(async () => {
  store = await createMigratedDatabase();
  folder = await createTestFolder();
  cli = new Cli({
    BEEPRO_MYSQL_URL: store.options.url,
    BEEPRO_MYSQL_PASSWORD_FILE: store.options.passwordFile,
    BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
    BEEPRO_REDIS_PASSWORD_FILE: process.env.BEEPRO_REDIS_PASSWORD_FILE,
    BEEPRO_STATE_DIR: join(folder.path, 'state'),
    BEEPRO_SEALER_BIN: process.env.BEEPRO_SEALER_BIN,
  });
  const accounts = { network: 'beepro-devnet-test', owner: 't0100', worker: 't0101' };
  await saveMiner(store.database.kysely, { id: 1000, sector_size: '2KiB', ...accounts });
  await saveMiner(store.database.kysely, { id: 2000, sector_size: '512MiB', ...accounts });
});

afterAll(async () => {
  await store?.drop();
  await folder?.remove();
});

const known = () => listPieces(store.database.kysely, { limit: 100 });

async function newFolder(name: string, files: Readonly<Record<string, number>>): Promise<string> {
  const path = join(folder.path, name);
  for (const [file, bytes] of Object.entries(files)) {
    await mkdir(join(path, file, '..'), { recursive: true });
    await writeFile(join(path, file), Buffer.alloc(bytes, `${name}/${file}`));
  }
  return path;
}

test('with several miners it is said whose sectors take them', async () => {
  const path = await newFolder('several', { a: 10 });
  expect(await cli.failure('piece', 'add', path)).toMatchObject({ exit: 2, code: 'INPUT_INVALID' });
});

test('of a folder every file with data is added, and the empty ones are named', async () => {
  const path = await newFolder('folder', { b: 100, 'deep/er/a': 300, none: 0 });
  const { code, stdout, stderr } = await cli.run('piece', 'add', '--miner', 't01000', path);
  expect(code).toBe(0);
  expect(stdout).toContain(join(path, 'b'));
  expect(stdout).toContain(join(path, 'deep/er/a'));
  expect(stderr).toContain(`left out: ${join(path, 'none')} is empty`);
  expect((await known()).map(({ name }) => name)).toEqual(['b', 'a']);
});

test('one file that can be no piece, and nothing of the folder is added', async () => {
  const before = await known();
  const path = await newFolder('mixed', { a: 100, z: 2_033 });
  expect(await cli.failure('piece', 'add', '--miner', 't01000', path)).toMatchObject({
    exit: 1,
    code: 'PIECE_TOO_LARGE',
    message: expect.stringContaining(join(path, 'z')),
  });
  expect(await known()).toEqual(before);
});

test('a large file’s commitment is computed by a sealer, which is gone afterwards', async () => {
  const path = await newFolder('large', { it: 17 * 2 ** 20 });
  const [added] = (await cli.json('piece', 'add', '--miner', '2000', join(path, 'it'))) as [{ cid: string }];
  expect(await readdir(join(folder.path, 'state', 'piece-adding'))).toEqual([]);
  // The same data, computed in this process.
  const own = cli.with({ BEEPRO_SEALER_BIN: undefined });
  expect(await own.json('piece', 'add', '--miner', '2000', join(path, 'it'))).toMatchObject([
    { cid: added.cid, isNew: false },
  ]);
  const broken = cli.with({ BEEPRO_SEALER_BIN: '/nowhere/beepro-sealer' });
  expect(await broken.failure('piece', 'add', '--miner', '2000', join(path, 'it'))).toMatchObject({
    code: expect.stringMatching(/^SEALER_/),
  });
});

test('a copy that is gone or damaged is told, and nothing is written', async () => {
  const path = await newFolder('copies', { it: 700 });
  const [{ id, cid }] = (await cli.json('piece', 'add', '--miner', '1000', path)) as [
    { id: number; cid: string },
  ];
  const stored = (await findPiece(store.database.kysely, id))?.path ?? '';
  const out = join(folder.path, 'copies', 'out');
  await truncate(stored, 699);
  expect(await cli.failure('piece', 'retrieve', cid, '--out', out)).toMatchObject({
    code: 'PIECE_DATA_DIFFERS',
  });
  await rm(stored);
  expect(await cli.failure('piece', 'retrieve', cid, '--out', out)).toMatchObject({
    code: 'STORAGE_FILE_MISSING',
  });
  expect(await readdir(path)).toEqual(['it']);
  await cli.json('piece', 'add', '--again', '--miner', '1000', path);
  expect(await cli.json('piece', 'retrieve', cid, '--out', out)).toMatchObject({ way: 'stored', bytes: 700 });
  expect(await readFile(out)).toEqual(await readFile(join(path, 'it')));
});

test.each([
  ['a folder', '.'],
  ['in a folder that is not there', 'none/out'],
])('a target that is %s is refused at once', async (_what, target) => {
  const [piece] = await known();
  const out = join(folder.path, target);
  expect(await cli.failure('piece', 'retrieve', piece?.cid ?? '', '--out', out)).toMatchObject({
    exit: 2,
    code: 'INPUT_INVALID',
    message: expect.stringContaining('--out'),
  });
});
