import { afterAll, beforeAll, expect, test } from 'vitest';
import { heartbeatWorker, registerWorker } from '#db';
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
    BEEPRO_STATE_DIR: folder.path,
  });
});
afterAll(async () => {
  await store.drop();
  await folder.remove();
});

const OUT = 'worker.devices_out';

test('devices are listed as their worker said, taken out and let in again', async () => {
  expect((await cli.run('worker', 'device', 'list')).stdout).toMatch(/^No worker has devices/);
  const { kysely } = store.database;
  const registration = { bootId: 'b', hostEpoch: 1, pid: 1, version: 'v', capabilities: {} };
  for (const name of ['host-a', 'host-b']) await registerWorker(kysely, { name, ...registration });
  const failed = 'C2: a proof that was made does not verify';
  await heartbeatWorker(kysely, 'host-a', 1, {
    devices: [
      { id: 'cpu:0', slots: 2, held: ['precommit2'], reservedForPost: 1 },
      { id: 'cpu:1', slots: 1, held: [], reservedForPost: 0, outOfService: failed },
    ],
  });
  const { stdout } = await cli.run('worker', 'device', 'list');
  expect(
    stdout
      .split('\n')
      .map((line) => line.replace(/ +/g, ' '))
      .slice(0, 3),
  ).toEqual([
    'WORKER DEVICE NAME SLOTS POST HELD STATE',
    'host-a cpu:0 – 2 1 precommit2 in service',
    `host-a cpu:1 – 1 – – out: ${failed}`,
  ]);
  expect(await cli.json('worker', 'device', 'list', 'host-b')).toEqual([]);

  await cli.json('setting', 'set', OUT, 'cpu:7');
  expect(await cli.json('worker', 'device', 'out', 'host-a', 'cpu:0')).toMatchObject({ changed: true });
  expect(await cli.json('worker', 'device', 'out', 'host-a', 'cpu:0')).toMatchObject({ changed: false });
  const value = async () =>
    ((await cli.json('setting', 'get', OUT, '--worker', 'host-a')) as { value: string }).value;
  expect(await value()).toBe('cpu:7, cpu:0');
  expect(await cli.json('worker', 'device', 'in', 'host-a', 'cpu:0')).toMatchObject({ changed: true });
  expect(await value()).toBe('cpu:7');
  const still = await cli.run('worker', 'device', 'in', 'host-a', 'cpu:1');
  expect(still.stdout).toContain(`cpu:1 of host-a was not taken out by an operator: ${failed}`);
});

test.each([
  [['list', 'host-x'], /no worker host-x/i],
  [['out', 'host-a', 'cpu:9'], /no device of host-a cpu:9/i],
])('%j names what there is not', async (words, message) => {
  expect(await cli.failure('worker', 'device', ...words)).toMatchObject({
    exit: 3,
    code: 'NOT_FOUND',
    message: expect.stringMatching(message),
  });
});
