import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, createTestFolder, type TestDatabase, type TestFolder } from '#testing';
import { Cli } from './support/cli.ts';

let database: TestDatabase;
let folder: TestFolder;
let cli: Cli;
let wrongPassword: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await createTestFolder();
  cli = new Cli({
    BEEPRO_MYSQL_URL: database.url,
    BEEPRO_MYSQL_PASSWORD_FILE: process.env.BEEPRO_MYSQL_PASSWORD_FILE,
    BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
    BEEPRO_REDIS_PASSWORD_FILE: process.env.BEEPRO_REDIS_PASSWORD_FILE,
    BEEPRO_STATE_DIR: folder.path,
  });
  wrongPassword = join(folder.path, 'wrong');
  await writeFile(wrongPassword, 'not the password');
});

afterAll(async () => {
  await database.drop();
  await folder.remove();
});

test('an empty database: what to do is said, migrating helps, and a second time changes nothing', async () => {
  expect(await cli.spawn('sector', 'list')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error DB_NOT_MIGRATED: .*\n {2}→ .*beepro db migrate.*\n$/),
  });
  const status = await cli.spawn('db', 'status');
  expect(status).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('pending') });
  const { applied } = (await cli.json('db', 'migrate')) as { applied: string[] };
  expect(applied.length).toBeGreaterThan(0);
  expect(await cli.json('db', 'migrate')).toEqual({ applied: [] });
  expect((await cli.run('db', 'status')).stdout).not.toContain('pending');
});

describe('servers that cannot be used', () => {
  test.each([
    ['no database', { BEEPRO_MYSQL_URL: '' }, 'ENVIRONMENT_INVALID', 1],
    ['no address', { BEEPRO_MYSQL_URL: 'postgres://localhost/x' }, 'ENVIRONMENT_INVALID', 1],
    ['nobody listens', { BEEPRO_MYSQL_URL: 'mysql://beepro@127.0.0.1:9/beepro' }, 'DB_UNREACHABLE', 4],
    ['a wrong password', { BEEPRO_MYSQL_PASSWORD_FILE: 'wrong' }, 'DB_ACCESS_DENIED', 1],
  ])('MySQL: %s', async (_what, env, code, exit) => {
    const wrong = 'BEEPRO_MYSQL_PASSWORD_FILE' in env ? { BEEPRO_MYSQL_PASSWORD_FILE: wrongPassword } : env;
    expect(await cli.with(wrong).failure('worker', 'list')).toMatchObject({ exit, code });
  });

  test.each([
    ['no Redis', '', 'ENVIRONMENT_INVALID', 1],
    ['nobody listens', 'redis://127.0.0.1:9', 'REDIS_UNREACHABLE', 4],
  ])('Redis: %s', async (_what, url, code, exit) => {
    const lost = cli.with({ BEEPRO_REDIS_URL: url, BEEPRO_REDIS_PASSWORD_FILE: undefined });
    expect(await lost.failure('queue', 'list')).toMatchObject({ exit, code });
  });

  test('a secret is in no message', async () => {
    const url = 'mysql://beepro:very-secret@127.0.0.1:9/beepro';
    const { stdout, stderr } = await cli.with({ BEEPRO_MYSQL_URL: url }).run('worker', 'list', '--json');
    expect(stderr).toContain('DB_UNREACHABLE');
    expect(stdout + stderr).not.toContain('very-secret');
  });

  test('a setting is changed without Redis too: everybody finds it by looking', async () => {
    const lost = cli.with({ BEEPRO_REDIS_URL: 'redis://127.0.0.1:9', BEEPRO_REDIS_PASSWORD_FILE: undefined });
    expect(await lost.json('setting', 'set', 'worker.max_sectors', '7')).toMatchObject({ changed: true });
    expect(await cli.json('setting', 'get', 'worker.max_sectors')).toMatchObject({ value: '7', from: '*' });
  });
});
