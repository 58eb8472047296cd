import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestFolder } from '#testing';
import { withFileLock } from '../../../scripts/setup/file-lock.mjs';

const MODULE = new URL('../../../scripts/setup/file-lock.mjs', import.meta.url).href;

test('two do not hold it at once, and the second is told who holds it', async () => {
  await using folder = await createTestFolder();
  const path = join(folder.path, 'a.lock');
  const events: string[] = [];
  const first = Promise.withResolvers<void>();
  const holding = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<string>();

  const one = withFileLock(path, async () => {
    events.push('one in');
    holding.resolve();
    await first.promise;
    events.push('one out');
  });
  await holding.promise;
  const two = withFileLock(path, async () => void events.push('two in'), waiting.resolve);
  expect(await waiting.promise).toContain(`pid ${process.pid}`);
  first.resolve();
  await Promise.all([one, two]);
  expect(events).toEqual(['one in', 'one out', 'two in']);
});

test('it is released when the work fails', async () => {
  await using folder = await createTestFolder();
  const path = join(folder.path, 'a.lock');
  await expect(withFileLock(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withFileLock(path, async () => 'free')).toBe('free');
});

test('kill -9 of its holder releases it', async () => {
  await using folder = await createTestFolder();
  const path = join(folder.path, 'a.lock');
  const code = `
    import { withFileLock } from ${JSON.stringify(MODULE)};
    await withFileLock(${JSON.stringify(path)}, () => { console.log('held'); return new Promise(() => setInterval(() => {}, 1000)); });
  `;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  let waited = false;
  const free = withFileLock(
    path,
    async () => 'free',
    () => {
      waited = true;
      holder.kill('SIGKILL');
    },
  );
  expect(await free).toBe('free');
  expect(waited).toBe(true);
});
