import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  copyFile,
  diskSpace,
  finishCopy,
  hashFile,
  isProvingCacheFile,
  landFiles,
  landingFolder,
  listLandingFiles,
  listOrphanLandings,
  locateLanded,
  removeLanding,
  verifyCopy,
  Workspace,
} from '#storage';
import { createTestFolder, type TestFolder } from '#testing';

const ID = { miner: 1000, number: 7 };
let folder: TestFolder;
let workspace: Workspace;
let store: string;

beforeEach(async () => {
  folder = await createTestFolder();
  workspace = new Workspace(join(folder.path, 'work'));
  store = join(folder.path, 'store');
  await mkdir(store);
  await workspace.prepare(ID);
  await mkdir(workspace.file(ID, 'cache'));
  await writeFile(workspace.file(ID, 'sealed'), Buffer.alloc(3_000_000, 7));
  await writeFile(workspace.file(ID, 'unsealed'), Buffer.alloc(2_048, 1));
  for (const name of [
    'p_aux',
    't_aux',
    'sc-02-data-tree-r-last.dat',
    'sc-02-data-layer-1.dat',
    'beepro-key.json',
  ]) {
    await writeFile(join(workspace.file(ID, 'cache'), name), name);
  }
});
afterEach(() => folder.remove());

describe('landing', () => {
  test('lands what proving needs, under the folder of its claim, with the digest of each file', async () => {
    const files = await listLandingFiles(workspace, ID, true);
    const landed = await landFiles(store, landingFolder(ID, { attempt: 2, claim: 3 }), files);
    expect(landed.map((file) => file.path)).toEqual([
      's-t01000-7.2.3/sealed',
      's-t01000-7.2.3/cache/p_aux',
      's-t01000-7.2.3/cache/sc-02-data-tree-r-last.dat',
      's-t01000-7.2.3/cache/t_aux',
      's-t01000-7.2.3/unsealed',
    ]);
    for (const file of landed) {
      expect(await hashFile(join(store, file.path))).toEqual({ size: file.size, sha256: file.sha256 });
    }
    expect(await readFile(join(store, 's-t01000-7.2.3/cache/p_aux'), 'utf8')).toBe('p_aux');
  });

  test('a sector without its replica is refused, and names the file', async () => {
    await writeFile(join(folder.path, 'x'), '');
    await expect(listLandingFiles(new Workspace(join(folder.path, 'none')), ID, false)).rejects.toMatchObject(
      {
        code: 'STORAGE_FILE_MISSING',
      },
    );
  });

  test('a copy that reads back differently is refused, and nothing of the landing stays', async () => {
    const target = join(store, 'a', 'sealed');
    const copied = await copyFile(workspace.file(ID, 'sealed'), target);
    const bytes = await readFile(`${target}.tmp`);
    bytes[1_234_567] = 8;
    await writeFile(`${target}.tmp`, bytes);
    await expect(verifyCopy(target, copied)).rejects.toMatchObject({ code: 'STORAGE_COPY_DIFFERS' });
  });

  test('a source that changes meanwhile is refused', async () => {
    const source = workspace.file(ID, 'sealed');
    let changed = false;
    const onBytes = async () => {
      if (changed) return;
      changed = true;
      await writeFile(source, Buffer.alloc(4_000_000, 9));
    };
    const landing = landFiles(store, 's-t01000-7.1.1', await listLandingFiles(workspace, ID, false), {
      onBytes: () => void onBytes(),
    });
    await expect(landing).rejects.toMatchObject({ code: 'STORAGE_SOURCE_CHANGED' });
    expect(await readdir(store)).toEqual([]);
  });

  test('a target that cannot be written says why', async () => {
    await writeFile(join(folder.path, 'file'), '');
    const copy = copyFile(workspace.file(ID, 'sealed'), join(folder.path, 'file', 'sealed'));
    await expect(copy).rejects.toMatchObject({ code: expect.stringMatching(/^STORAGE_/) });
  });

  test('a cancelled landing stops and leaves nothing', async () => {
    const controller = new AbortController();
    const files = await listLandingFiles(workspace, ID, false);
    const landing = landFiles(store, 's-t01000-7.1.1', files, {
      signal: controller.signal,
      onBytes: () => controller.abort(new Error('stop')),
    });
    await expect(landing).rejects.toThrow('stop');
    expect(await readdir(store)).toEqual([]);
  });

  test('what a killed landing left is overwritten by the same claim', async () => {
    await mkdir(join(store, 's-t01000-7.1.1'), { recursive: true });
    await writeFile(join(store, 's-t01000-7.1.1', 'sealed.tmp'), 'half');
    const files = await listLandingFiles(workspace, ID, false);
    await landFiles(store, 's-t01000-7.1.1', files);
    expect((await readdir(join(store, 's-t01000-7.1.1'))).toSorted()).toEqual(['cache', 'sealed']);
  });
});

describe('orphans', () => {
  test('are the sector’s landings that no record names; nothing else is ever touched', async () => {
    for (const name of ['s-t01000-7.1.1', 's-t01000-7.2.1', 's-t01000-70.1.1', 's-t01000-7', 'other']) {
      await mkdir(join(store, name));
    }
    expect(await listOrphanLandings(store, ID, new Set(['s-t01000-7.2.1']))).toEqual(['s-t01000-7.1.1']);
    await expect(removeLanding(store, '../work')).rejects.toThrow(TypeError);
    await expect(removeLanding(store, 'other')).rejects.toThrow(TypeError);
  });
});

describe('readers', () => {
  const record = (kind: 'sealed' | 'cache' | 'unsealed', path: string) => ({
    kind,
    path,
    storage_id: 4,
    size: 1,
    sha256: '',
  });

  test('follow the record', () => {
    const records = [record('sealed', 'x.1.1/sealed'), record('cache', 'x.1.1/cache/p_aux')];
    expect(locateLanded(ID, records, new Map([[4, '/nfs']]))).toEqual({
      sealed: '/nfs/x.1.1/sealed',
      cache: '/nfs/x.1.1/cache',
      unsealed: undefined,
    });
  });

  test('say when a storage path is not known, or the sector has not landed', () => {
    const records = [record('sealed', 'a/sealed'), record('cache', 'a/cache/p_aux')];
    expect(() => locateLanded(ID, records, new Map())).toThrow(
      expect.objectContaining({ code: 'STORAGE_UNKNOWN_PATH' }),
    );
    expect(() => locateLanded(ID, [], new Map())).toThrow(
      expect.objectContaining({ code: 'STORAGE_FILE_MISSING' }),
    );
  });
});

test.each([
  ['p_aux', true],
  ['t_aux', true],
  ['sc-02-data-tree-r-last.dat', true],
  ['sc-02-data-tree-r-last-7.dat', true],
  ['sc-02-data-tree-c.dat', false],
  ['sc-02-data-tree-d.dat', false],
  ['sc-02-data-layer-11.dat', false],
  ['syn-porep-vanilla-proofs.dat', false],
  ['beepro-sealed.json', false],
])('proving needs %s: %s', (name, needed) => {
  expect(isProvingCacheFile(name)).toBe(needed);
});

test('the space of a path is asked of the system; a missing path is an error with its name', async () => {
  const space = await diskSpace(folder.path);
  expect(space.total).toBeGreaterThan(space.free - 1);
  await expect(diskSpace(join(folder.path, 'none'))).rejects.toMatchObject({ code: 'STORAGE_IO' });
});

test('a finished copy has its name at once and whole', async () => {
  const target = join(store, 'one', 'sealed');
  const copied = await copyFile(workspace.file(ID, 'sealed'), target);
  expect(await readdir(join(store, 'one'))).toEqual(['sealed.tmp']);
  await verifyCopy(target, copied);
  await finishCopy(target);
  expect(await readdir(join(store, 'one'))).toEqual(['sealed']);
});
