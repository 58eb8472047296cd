import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSettings, StampAnnouncer, StampReader } from '#config';
import { fingerprintOperatorWord, pauseQueue, registerWorker, resumeQueue } from '#db';
import {
  createMigratedDatabase,
  createTestRedis,
  type MigratedDatabase,
  type TestRedis,
  waitFor,
} from '#testing';

let store: MigratedDatabase;
let redis: TestRedis;
const opened: AsyncDisposable[] = [];
const keep = <T extends AsyncDisposable>(one: T): T => {
  opened.push(one);
  return one;
};

beforeAll(async () => {
  store = await createMigratedDatabase();
});
beforeEach(() => {
  redis = createTestRedis();
});
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one[Symbol.asyncDispose]();
  await redis.drop();
});
afterAll(() => store.drop());

const announce = () =>
  keep(new StampAnnouncer({ redis: redis.redis, prefix: redis.prefix, database: store.database }));
const read = () => keep(new StampReader({ redis: redis.redis, prefix: redis.prefix }));

async function write(name: string, value: string): Promise<void> {
  await store.database.kysely
    .insertInto('setting')
    .values({ name, scope: '*', value })
    .onDuplicateKeyUpdate({ value })
    .execute();
}

describe('the operator’s word', () => {
  it('changes with settings, states of workers and pauses, and not with a worker that starts', async () => {
    const { kysely } = store.database;
    const stamps: string[] = [];
    const note = async () => stamps.push(await fingerprintOperatorWord(kysely));
    await note();
    const worker = { bootId: 'b', hostEpoch: 1, pid: 1, version: 'v', capabilities: {} };
    await registerWorker(kysely, { name: 'host-a', ...worker });
    expect(await fingerprintOperatorWord(kysely)).toBe(stamps[0]);
    await write('piece.wait', '7s');
    await note();
    await sql`UPDATE worker SET state = 'draining' WHERE name = 'host-a'`.execute(kysely);
    await note();
    await pauseQueue(kysely, 'precommit1', 'ana');
    await note();
    expect(new Set(stamps).size).toBe(4);
    await resumeQueue(kysely, 'precommit1');
    expect(await fingerprintOperatorWord(kysely)).toBe(stamps[2]);
  });

  it('reaches who polls the announcement, without a question to MySQL while it is the same', async () => {
    announce();
    const stamp = read();
    await waitFor(() => stamp.current, { what: 'the announcement' });
    let looks = 0;
    const counted = new Proxy(store.database, {
      get: (target, key, receiver) => {
        if (key === 'kysely') looks += 1;
        return Reflect.get(target, key, receiver);
      },
    });
    const settings = keep(await openSettings({ database: counted, stamp, pollMs: 20 }));
    await write('piece.wait', '8s');
    await waitFor(() => settings.get('piece.wait') === 8_000, { what: 'the change' });
    // The look that found it may have been one before the last.
    await waitFor(
      async () => {
        const before = looks;
        await new Promise((resolve) => setTimeout(resolve, 200));
        return looks === before;
      },
      { what: 'ten polls that ask MySQL nothing' },
    );
  });

  it('is looked for in MySQL when nobody announces it any more', async () => {
    const announcer = announce();
    const stamp = read();
    await waitFor(() => stamp.current, { what: 'the announcement' });
    const settings = keep(await openSettings({ database: store.database, stamp, pollMs: 20 }));
    await announcer.close();
    await waitFor(() => stamp.current === undefined, { what: 'the announcement to lapse' });
    await write('piece.wait', '9s');
    await waitFor(() => settings.get('piece.wait') === 9_000, { what: 'the change' });
  });

  it('is undefined at once when Redis is away', async () => {
    announce();
    const stamp = read();
    await waitFor(() => stamp.current, { what: 'the announcement' });
    redis.redis.disconnect();
    await waitFor(() => stamp.current === undefined, { what: 'no stamp' });
    await redis.redis.connect();
  });
});
