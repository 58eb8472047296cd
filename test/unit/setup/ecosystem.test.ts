import { createRequire } from 'node:module';
import { expect, test } from 'vitest';

interface App {
  readonly name: string;
  readonly args: readonly string[];
  readonly treekill: boolean;
  readonly kill_timeout: number;
  readonly instances: number;
  readonly env: Readonly<Record<string, string>>;
}

/** pm2 loads the file with require(). */
const { apps } = createRequire(import.meta.url)('../../../ecosystem.config.js') as { apps: readonly App[] };

test('each role that runs for long is an app of one instance', () => {
  expect(apps.map(({ name, args }) => [name, ...args])).toEqual([
    ['beepro-sealing', 'run', 'sealing'],
    ['beepro-worker', 'run', 'worker'],
    ['beepro-ui', 'run', 'ui'],
  ]);
  expect(apps.every(({ instances }) => instances === 1)).toBe(true);
});

test('stopping a role leaves its sealers alone and gives it time', () => {
  expect(apps.every(({ treekill }) => treekill === false)).toBe(true);
  expect(apps.every((app) => app.kill_timeout >= 10_000)).toBe(true);
});

test('no secret is put where pm2 would write it to its dump', () => {
  const allowed = ['BEEPRO_SEALER_BIN', 'MALLOC_ARENA_MAX', 'NODE_ENV'];
  for (const { env } of apps) expect(Object.keys(env).sort()).toEqual(allowed);
});
