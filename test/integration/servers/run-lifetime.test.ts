import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestFolder, mysqlOptions, startPrivateServers, type TestFolder } from '#testing';
import { identityOf, type ProcessIdentity } from '../../../scripts/setup/process-identity.mjs';
import { listProcesses } from '../../../scripts/setup/process-registry.mjs';

const HOLD_RUN = new URL('./hold-run.mjs', import.meta.url).pathname;

interface Held {
  readonly child: ChildProcess;
  readonly dir: string;
  readonly socket: string;
  /** Its two servers, its sealer and its stray, as they were when it was up. */
  readonly identities: readonly ProcessIdentity[];
  readonly env: Readonly<Record<string, string>>;
}

let folder: TestFolder;
beforeEach(async () => {
  folder = await createTestFolder();
});
afterEach(() => folder.remove());

const registry = () => listProcesses(join(folder.path, 'processes'));

/** Starts `hold-run.mjs` with a state folder of its own and waits until its run is up. */
async function holdRun(...args: string[]): Promise<Held> {
  const { BEEPRO_REDIS_URL: _redis, BEEPRO_MYSQL_URL: _mysql, BEEPRO_RUN: _run, ...env } = process.env;
  const child = spawn(process.execPath, [HOLD_RUN, ...args], {
    env: { ...env, BEEPRO_STATE_DIR: folder.path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const lines = createInterface(child.stdout);
  const line = await Promise.race([once(lines, 'line').then(([text]) => String(text)), once(child, 'exit')]);
  if (typeof line !== 'string') throw new Error(`hold-run.mjs ended: ${said.join('')}`);
  const { run, dir, stray, env: servers } = JSON.parse(line);
  const registered = registry().filter((record) => record.run === run);
  expect(registered.map(({ what }) => what).sort()).toEqual(['mariadb', 'redis', 'sealer']);
  const strayIdentity = identityOf(stray);
  if (!strayIdentity) throw new Error('the stray process is not there');
  const socket = new URL(servers.BEEPRO_REDIS_URL).pathname;
  return { child, dir, socket, identities: [...registered, strayIdentity], env: servers };
}

const alive = ({ identities }: Held) =>
  identities.filter(({ pid, startTime }) => identityOf(pid)?.startTime === startTime).length;

test('what a run has started is ended with it', async () => {
  const run = await holdRun();
  expect(alive(run)).toBe(4);
  run.child.kill('SIGTERM');
  expect(await once(run.child, 'exit')).toEqual([0, null]);
  expect(alive(run)).toBe(0);
  expect(existsSync(run.dir)).toBe(false);
  expect(existsSync(run.socket)).toBe(false);
  expect(registry()).toEqual([]);
});

test('a run whose work fails is ended too, and fails', async () => {
  const run = await holdRun('--fail');
  run.child.kill('SIGTERM');
  expect(await once(run.child, 'exit')).toEqual([1, null]);
  expect(alive(run)).toBe(0);
  expect(existsSync(run.dir)).toBe(false);
});

test('the next start ends what a killed run has left, and nothing of a living one', async () => {
  const [killed, living] = [await holdRun(), await holdRun()];
  killed.child.kill('SIGKILL');
  await once(killed.child, 'exit');
  expect(alive(killed)).toBe(4);

  const next = await holdRun();
  expect(alive(killed)).toBe(0);
  expect(existsSync(killed.dir)).toBe(false);
  expect(existsSync(dirname(killed.socket))).toBe(false);
  expect([alive(living), alive(next)]).toEqual([4, 4]);

  for (const run of [living, next]) {
    run.child.kill('SIGTERM');
    await once(run.child, 'exit');
  }
  expect([alive(living), alive(next)]).toEqual([0, 0]);
});

test('only the user can read the passwords, and no command line shows them', async () => {
  const run = await holdRun();
  const secrets = ['BEEPRO_REDIS_PASSWORD_FILE', 'BEEPRO_MYSQL_PASSWORD_FILE'].map((name) =>
    readFileSync(run.env[name] ?? '', 'utf8').trim(),
  );
  expect(secrets.every((secret) => secret.length >= 32)).toBe(true);
  for (const { pid } of run.identities) {
    const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    for (const secret of secrets) expect(commandLine).not.toContain(secret);
  }
  run.child.kill('SIGTERM');
  await once(run.child, 'exit');
});

test('a killed server of a suite comes back with what it had committed', async () => {
  await using servers = await startPrivateServers();
  const options = { ...mysqlOptions(servers.env), database: 'beepro' };
  const before = await createConnection(options);
  before.on('error', () => undefined); // the server is killed under it
  await before.query('CREATE TABLE kept (id INT PRIMARY KEY)');
  await before.query('INSERT INTO kept VALUES (7)');
  await servers.kill('mariadb');
  await expect(createConnection(options)).rejects.toThrow();
  await servers.start('mariadb');
  const after = await createConnection(options);
  expect((await after.query('SELECT id FROM kept'))[0]).toEqual([{ id: 7 }]);
  await after.end();
});
