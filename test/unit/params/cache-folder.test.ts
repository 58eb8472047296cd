import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { resolveParameterFolder } from '#params';
import { createTestFolder } from '#testing';

/** A folder to live in, and a path below which no folder can be made: not even by root. */
async function surroundings() {
  const root = await createTestFolder();
  const file = join(root.path, 'file');
  await writeFile(file, '');
  return { root, home: join(root.path, 'home'), standard: join(root.path, 'std'), closed: join(file, 'x') };
}

test('the folder that the environment names is taken as it is', async () => {
  const { root, home, standard, closed } = await surroundings();
  await using _ = root;
  const env = { FIL_PROOFS_PARAMETER_CACHE: closed };
  const folder = await resolveParameterFolder({ env, home, defaultFolder: standard });
  expect(folder).toEqual({ path: closed, origin: 'environment' });
});

test('the usual folder is taken, and made, where it can be written', async () => {
  const { root, home, standard } = await surroundings();
  await using _ = root;
  const folder = await resolveParameterFolder({ env: {}, home, defaultFolder: standard });
  expect(folder).toEqual({ path: standard, origin: 'default' });
  expect(await readdir(root.path)).toContain('std');
});

test('else it is one of the user’s own', async () => {
  const { root, home, closed } = await surroundings();
  await using _ = root;
  const own = join('beepro', 'filecoin-proof-parameters');
  expect(await resolveParameterFolder({ env: {}, home, defaultFolder: closed })).toEqual({
    path: join(home, '.cache', own),
    origin: 'user',
  });
  const xdg = join(root.path, 'xdg');
  expect(await resolveParameterFolder({ env: { XDG_CACHE_HOME: xdg }, home, defaultFolder: closed })).toEqual(
    { path: join(xdg, own), origin: 'user' },
  );
});

test('where nothing can be written the error says what to set', async () => {
  const { root, closed } = await surroundings();
  await using _ = root;
  const resolving = resolveParameterFolder({ env: {}, home: closed, defaultFolder: closed });
  await expect(resolving).rejects.toMatchObject({
    code: 'PARAMS_FOLDER_UNWRITABLE',
    cure: expect.stringContaining('FIL_PROOFS_PARAMETER_CACHE'),
  });
});
