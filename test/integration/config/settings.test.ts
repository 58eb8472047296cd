import { Redis } from 'ioredis';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  openSettings,
  redisWake,
  SETTING_NAMES,
  type SettingEntry,
  type SettingName,
  Settings,
  SettingsWatcher,
  setSetting,
  settingDefinition,
} from '#config';
import { type Database, listSettingHistory, migrate, openDatabase, readSettingVersion } from '#db';
import {
  createMigratedDatabase,
  createTestRedis,
  type MigratedDatabase,
  type TestRedis,
  waitFor,
} from '#testing';

let store: MigratedDatabase;
/** What another process would have: a pool of its own. */
let other: Database;
let redis: TestRedis;
const opened: AsyncDisposable[] = [];

beforeAll(async () => {
  store = await createMigratedDatabase();
  other = openDatabase(store.options);
  redis = createTestRedis();
});
beforeEach(async () => {
  for (const thing of opened.splice(0)) await thing[Symbol.asyncDispose]();
  await sql`DELETE FROM setting`.execute(store.database.kysely);
  await sql`DELETE FROM setting_history`.execute(store.database.kysely);
  await sql`UPDATE setting_version SET fingerprint = '0:0'`.execute(store.database.kysely);
});
afterAll(async () => {
  for (const thing of opened.splice(0)) await thing[Symbol.asyncDispose]();
  await other.close();
  await redis.drop();
  await store.drop();
});

const keep = <T extends AsyncDisposable>(thing: T): T => {
  opened.push(thing);
  return thing;
};
const open = async (options: Partial<Parameters<typeof openSettings>[0]> = {}) =>
  keep(await openSettings({ database: other, ...options }));
const writeBySql = (name: string, value: string, scope = '*') =>
  sql`INSERT INTO setting (name, scope, value) VALUES (${name}, ${scope}, ${value})
    ON DUPLICATE KEY UPDATE value = VALUES(value)`.execute(store.database.kysely);
const history = async () =>
  (await listSettingHistory(store.database.kysely)).map((row) => [
    row.name,
    row.scope,
    row.old_value,
    row.new_value,
    row.who,
  ]);

/** Another valid value of a setting, found from its type. */
function anotherValue(name: SettingName): string {
  const { type, default: preset } = settingDefinition(name);
  const candidates = [
    '3',
    '7',
    '30s',
    '2m',
    '400d',
    '12h',
    'synthetic',
    'true',
    'false',
    '2 FIL',
    '2GiB',
    'big',
    'http://n:1/rpc/v1',
    '/pieces',
    'always',
    'on',
    'cpu:0',
    'cpu:0 cores=0',
    '32GiB=64GiB',
    'node method=WalletSignMessage',
    't01000',
    'sender',
  ];
  const isValid = (text: string) => {
    try {
      return JSON.stringify(show(type.parse(text))) !== JSON.stringify(show(type.parse(preset)));
    } catch {
      return false;
    }
  };
  const found = candidates.find(isValid);
  if (found === undefined) throw new Error(`add a candidate for ${name}`);
  return found;
}
const show = (value: unknown) => (typeof value === 'bigint' ? `${value}n` : value);

describe('every entry of the registry', () => {
  it('changed by plain SQL is in force on another process by its own polling, without Redis and without a watcher', async () => {
    const settings = await open();
    const before = Object.fromEntries(SETTING_NAMES.map((name) => [name, settings.get(name)]));
    for (const name of SETTING_NAMES) await writeBySql(name, anotherValue(name));

    await waitFor(() => settings.entries.length === SETTING_NAMES.length, {
      deadlineMs: 2_000,
      intervalMs: 50,
    });
    expect(settings.invalid).toEqual([]);
    for (const name of SETTING_NAMES) {
      expect(settings.get(name), name).toEqual(settingDefinition(name).type.parse(anotherValue(name)));
      expect(settings.get(name), name).not.toEqual(before[name]);
      expect(settings.explain(name)).toMatchObject({ from: '*', text: anotherValue(name) });
    }
    await sql`DELETE FROM setting`.execute(store.database.kysely);
    await waitFor(() => settings.entries.length === 0, { what: 'the next look', intervalMs: 50 });
    for (const name of SETTING_NAMES) expect(settings.get(name), name).toEqual(before[name]);
  });
});

describe('a change', () => {
  it('by setSetting is checked, kept with its history, and told', async () => {
    const settings = await open();
    const told: (readonly SettingName[])[] = [];
    settings.onChange((names) => told.push(names));
    const set = (value: string | null, who: string) =>
      setSetting(store.database, { name: 'worker.limit.commit2', scope: 'worker:a', value, who });

    expect(await set('2', 'ana')).toMatchObject({ oldValue: null, newValue: '2' });
    expect(await set('2', 'ana')).toBeUndefined();
    expect(await set('3', 'web:bo')).toMatchObject({ oldValue: '2' });
    await settings.refresh();
    expect(settings.get('worker.limit.commit2', { worker: 'a' })).toBe(3);
    expect(await set(null, 'ana')).toMatchObject({ oldValue: '3', newValue: null });
    await settings.refresh();
    expect(settings.get('worker.limit.commit2', { worker: 'a' })).toBe(0);

    expect(told).toEqual([['worker.limit.commit2'], ['worker.limit.commit2']]);
    expect(await history()).toEqual([
      ['worker.limit.commit2', 'worker:a', '3', null, 'ana'],
      ['worker.limit.commit2', 'worker:a', '2', '3', 'web:bo'],
      ['worker.limit.commit2', 'worker:a', null, '2', 'ana'],
    ]);
  });

  it.each([
    [{ name: 'worker.limit.commit9', value: '1' }, 'SETTING_UNKNOWN'],
    [{ name: 'worker.limit.commit2', value: 'one' }, 'SETTING_VALUE_INVALID'],
    [{ name: 'worker.limit.commit2', value: '1', scope: 'miner:1' }, 'SETTING_SCOPE_INVALID'],
  ])('%o is refused with %s and leaves nothing', async (request, code) => {
    await expect(setSetting(store.database, { ...request, who: 'ana' })).rejects.toMatchObject({ code });
    expect(await history()).toEqual([]);
  });

  it('with Redis is announced, not only polled', async () => {
    const wake = redisWake({ redis: redis.redis, prefix: redis.prefix });
    const settings = await open({ wake, pollMs: 3_600_000 });
    const woken = Promise.withResolvers<void>();
    const stop = await wake.subscribe(() => woken.resolve());
    await woken.promise;
    const told = Promise.withResolvers<readonly SettingName[]>();
    settings.onChange(told.resolve);
    await waitFor(async () => {
      await setSetting(store.database, { name: 'piece.wait', value: `${Date.now()}ms`, who: 'ana' }, wake);
      return Promise.race([told.promise, new Promise((done) => setTimeout(done, 200))]);
    });
    expect(await told.promise).toEqual(['piece.wait']);
    await stop();
  });

  it('without Redis is made all the same, and found by the next look', async () => {
    const away = new Redis({ host: '127.0.0.1', port: 1, maxRetriesPerRequest: null, lazyConnect: true });
    const failures: Error[] = [];
    away.on('error', (error) => failures.push(error));
    const wake = redisWake({ redis: away, onError: (error) => failures.push(error) });
    const settings = await open({ wake, pollMs: 20 });
    await setSetting(store.database, { name: 'piece.wait', value: '4s', who: 'ana' }, wake);
    await waitFor(() => settings.get('piece.wait') === 4_000, { what: 'the poll' });
    expect(failures.length).toBeGreaterThan(0);
    away.disconnect();
  });

  it('many at once are all kept, each against what it found', async () => {
    const values = Array.from({ length: 10 }, (_, index) => String(index + 1));
    await Promise.all(
      values.map((value) => setSetting(store.database, { name: 'worker.max_sectors', value, who: 'ana' })),
    );
    const rows = (await listSettingHistory(store.database.kysely)).toReversed();
    expect(rows.map((row) => row.new_value).toSorted()).toEqual(values.toSorted());
    for (const [index, row] of rows.entries()) expect(row.old_value).toBe(rows[index - 1]?.new_value ?? null);
  });
});

describe('the watcher', () => {
  const watch = (database: Database = store.database) =>
    keep(new SettingsWatcher({ database, everyMs: 3_600_000 }));

  it('gives a change by plain SQL its history, and once only', async () => {
    await setSetting(store.database, { name: 'piece.wait', value: '1s', who: 'ana' });
    await writeBySql('piece.wait', '2s');
    await writeBySql('worker.limit.unseal', '4', 'worker:a');
    const [one, two] = [watch(), watch(other)];
    const { version } = await readSettingVersion(other.kysely);
    await Promise.all([one.look(), two.look(), one.look(), two.look()]);
    await sql`DELETE FROM setting WHERE name = 'piece.wait'`.execute(store.database.kysely);
    await one.look();

    expect(await history()).toEqual([
      ['piece.wait', '*', '2s', null, 'sql'],
      ['worker.limit.unseal', 'worker:a', null, '4', 'sql'],
      ['piece.wait', '*', '1s', '2s', 'sql'],
      ['piece.wait', '*', null, '1s', 'ana'],
    ]);
    expect((await readSettingVersion(other.kysely)).version).toBe(version + 2);
    expect(await two.look()).toEqual([]);
  });

  it('sees two rows changed alike, which a linear checksum would not', async () => {
    await writeBySql('worker.limit.unseal', '1', 'worker:a');
    await writeBySql('worker.limit.unseal', '1', 'worker:b');
    const watcher = watch();
    await watcher.look();
    await sql`UPDATE setting SET value = '2'`.execute(store.database.kysely);
    await watcher.look();
    expect((await history()).slice(0, 2)).toEqual([
      ['worker.limit.unseal', 'worker:b', '1', '2', 'sql'],
      ['worker.limit.unseal', 'worker:a', '1', '2', 'sql'],
    ]);
  });

  it('finds what happened while none was running, and a change before the next setSetting', async () => {
    await writeBySql('piece.wait', '2s');
    await setSetting(store.database, { name: 'piece.wait', value: '3s', who: 'ana' });
    expect(await history()).toEqual([
      ['piece.wait', '*', '2s', '3s', 'ana'],
      ['piece.wait', '*', null, '2s', 'sql'],
    ]);
    expect(await watch().look()).toEqual([]);
  });

  it('looks by itself and wakes everyone', async () => {
    const wake = redisWake({ redis: redis.redis, prefix: redis.prefix });
    keep(new SettingsWatcher({ database: store.database, wake }));
    const settings = await open({ wake, pollMs: 3_600_000 });
    await writeBySql('seal.proof', 'synthetic', 'miner:1000');
    await waitFor(() => settings.get('seal.proof', { miner: 1000 }) === 'synthetic', { what: 'the wake-up' });
    await waitFor(async () => (await history()).length === 1, { what: 'the history' });
  });
});

describe('a malformed value by plain SQL', () => {
  it('leaves the last good one in force and is reported once', async () => {
    const reported: SettingEntry[] = [];
    const settings = await open({ onInvalid: (entry) => reported.push(entry) });
    await writeBySql('worker.limit.unseal', '5');
    await settings.refresh();
    await writeBySql('worker.limit.unseal', 'plenty');
    await writeBySql('no.such.setting', '1');
    await settings.refresh();
    await writeBySql('piece.wait', '9s');
    await settings.refresh();

    expect(settings.get('worker.limit.unseal')).toBe(5);
    expect(settings.get('piece.wait')).toBe(9_000);
    expect(reported.map((entry) => [entry.name, entry.error?.code])).toEqual([
      ['no.such.setting', 'SETTING_UNKNOWN'],
      ['worker.limit.unseal', 'SETTING_VALUE_INVALID'],
    ]);
    expect(settings.invalid).toHaveLength(2);

    await writeBySql('worker.limit.unseal', '6');
    await settings.refresh();
    expect(settings.get('worker.limit.unseal')).toBe(6);
    expect(settings.invalid.map((entry) => entry.name)).toEqual(['no.such.setting']);
  });

  it('does not lose the last good one to a process that starts afterwards', async () => {
    const watcher = keep(new SettingsWatcher({ database: store.database, everyMs: 3_600_000 }));
    for (const value of ['5', 'plenty', 'lots']) {
      await writeBySql('worker.limit.unseal', value);
      await watcher.look();
    }
    const settings = await open();
    expect(settings.get('worker.limit.unseal')).toBe(5);
  });
});

describe('without the database', () => {
  it('the last known settings stay in force, and failures are told', async () => {
    const own = await createMigratedDatabase();
    await migrate(own.database);
    await setSetting(own.database, { name: 'worker.limit.unseal', value: '5', who: 'ana' });
    const failures: unknown[] = [];
    const settings = await Settings.open({
      database: own.database,
      pollMs: 20,
      onError: (error) => failures.push(error),
    });
    await sql`RENAME TABLE setting TO setting_away`.execute(own.database.kysely);
    await waitFor(() => failures.length > 1, { what: 'two failed looks' });
    expect(settings.get('worker.limit.unseal')).toBe(5);
    await sql`RENAME TABLE setting_away TO setting`.execute(own.database.kysely);
    await setSetting(own.database, { name: 'worker.limit.unseal', value: '6', who: 'ana' });
    await waitFor(() => settings.get('worker.limit.unseal') === 6, { what: 'the new value' });
    await settings.close();
    await own.drop();
  });

  it('nothing is opened', async () => {
    const away = openDatabase({ url: 'mysql://u:p@127.0.0.1:1/none' });
    await expect(openSettings({ database: away })).rejects.toMatchObject({ code: 'DB_UNREACHABLE' });
    await away.close();
  });
});
