import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { allParameterSets, type GenerationProgress, generateSet } from '#params';
import { createTestFolder } from '#testing';

// The real program's part is in test/e2e; here stand-ins do what it should never do.

const set = allParameterSets().find(({ kind, size }) => kind === 'window-post' && size === '2KiB');
const large = allParameterSets().find(({ size }) => size === '32GiB');
if (!set || !large) throw new Error('there are such sets');

async function program(script: string) {
  const folder = await createTestFolder();
  const path = join(folder.path, 'stand-in');
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return { path, folder: folder.path, [Symbol.asyncDispose]: () => folder.remove() };
}

test.each<[string, string, object]>([
  [
    'an error of its own',
    `echo '{"event":"error","error":{"code":"no_space","message":"100 bytes are needed"}}'; exit 1`,
    { code: 'PARAMS_GENERATION_FAILED', message: expect.stringContaining('100 bytes are needed') },
  ],
  [
    'a file that is not its own',
    `echo '{"event":"error","error":{"code":"foreign_file","message":"v28.vk"}}'; exit 1`,
    { code: 'PARAMS_FOREIGN_FILE' },
  ],
  [
    'rubbish',
    'echo not json; exit 1',
    { code: 'PARAMS_GENERATION_FAILED', message: expect.stringContaining('not json') },
  ],
  [
    'a crash',
    'echo thread panicked >&2; exit 101',
    { code: 'PARAMS_GENERATION_FAILED', message: expect.stringContaining('thread panicked') },
  ],
  [
    'a signal',
    'kill -9 $$',
    { code: 'PARAMS_GENERATION_FAILED', message: expect.stringContaining('SIGKILL') },
  ],
  ['silence', 'exit 0', { code: 'PARAMS_GENERATION_FAILED', message: expect.stringContaining('no result') }],
])('%s of the program is told', async (_, script, error) => {
  await using standIn = await program(script);
  await expect(generateSet(standIn.folder, set, { program: standIn.path })).rejects.toMatchObject(error);
});

test('what it is asked for, and its progress', async () => {
  await using standIn = await program(
    `echo "$@" > "$(dirname "$0")/arguments"
     echo '{"event":"progress","phase":"h","fraction":0.5,"elapsed_ms":7}'
     echo '{"event":"result","outcome":"generated","files":[]}'`,
  );
  const progress: GenerationProgress[] = [];
  const outcome = await generateSet(standIn.folder, set, {
    program: standIn.path,
    threads: 3,
    onProgress: (step) => progress.push(step),
  });
  expect(outcome).toBe('generated');
  expect(progress).toEqual([{ phase: 'h', fraction: 0.5, elapsedMs: 7 }]);
  expect(await readFile(join(standIn.folder, 'arguments'), 'utf8')).toBe(
    `params generate --dir ${standIn.folder} --kind window-post --sector-size 2048 --threads 3\n`,
  );
});

test('no program, and sets that are only fetched', async () => {
  await using folder = await createTestFolder();
  const missing = join(folder.path, 'none');
  const generating = generateSet(folder.path, set, { program: missing });
  await expect(generating).rejects.toMatchObject({ code: 'SEALER_NOT_INSTALLED', data: { path: missing } });
  await expect(generateSet(folder.path, large, { program: missing })).rejects.toMatchObject({
    code: 'PARAMS_NOT_GENERATED',
    data: { size: '32GiB' },
  });
});

test('an abort ends the program', async () => {
  await using standIn = await program('exec sleep 60');
  const abort = new AbortController();
  const { signal } = abort;
  const generating = generateSet(standIn.folder, set, { program: standIn.path, signal });
  abort.abort(new Error('enough'));
  await expect(generating).rejects.toThrow('enough');
});
