import { statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestFolder, type TestFolder } from '#testing';
import { streamOptions } from '../../../src/roles/worker/stream-options.ts';

let folder: TestFolder;
beforeEach(async () => {
  folder = await createTestFolder();
});
afterEach(() => folder.remove());

const options = (host: string, secretFile?: string) =>
  streamOptions({
    stateDir: folder.path,
    workerStream: { listen: { host, port: 0 }, advertise: undefined, secretFile },
  });

test('workers of one machine share a secret in their state folder, made by whoever comes first', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, () => options('127.0.0.1')));
  const secrets = new Set(all.map(({ secret }) => secret));
  expect(secrets.size).toBe(1);
  expect([...secrets][0]).toMatch(/^[0-9a-f]{64}$/);
  expect(statSync(join(folder.path, 'worker-secret')).mode & 0o077).toBe(0);
  expect((await options('::1')).secret).toBe([...secrets][0]);
});

test.each(['0.0.0.0', '10.0.0.5', '::', 'host.example', '127.example.com'])(
  '%s is not listened on without a secret of the operator’s',
  async (host) => {
    await expect(options(host)).rejects.toMatchObject({ code: 'WORKER_LISTEN_UNSAFE', severity: 'fatal' });
    const file = join(folder.path, 'secret');
    await writeFile(file, 'what all workers share\n');
    expect(await options(host, file)).toMatchObject({ host, secret: 'what all workers share' });
  },
);

test('who listens everywhere is told of by its name', async () => {
  const file = join(folder.path, 'secret');
  await writeFile(file, 'what all workers share');
  expect((await options('0.0.0.0', file)).advertise).toEqual({ host: hostname(), port: 0 });
  expect((await options('10.0.0.5', file)).advertise).toBeUndefined();
});

test('a secret that cannot be read stops the worker', async () => {
  await expect(options('10.0.0.5', join(folder.path, 'none'))).rejects.toMatchObject({
    code: 'SECRET_UNREADABLE',
  });
});
