import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Devnet, startDevnet } from '#devnet';
import {
  createMigratedDatabase,
  createTestFolder,
  type MigratedDatabase,
  type PrivateServers,
  startPrivateServers,
  type TestFolder,
} from '#testing';
import { Cli } from './support/cli.ts';

let servers: PrivateServers;
let store: MigratedDatabase;
let folder: TestFolder;
let devnet: Devnet;
let cli: Cli;

/** Queues have one name for the whole Redis, so it is this suite's own. */
beforeAll(async () => {
  servers = await startPrivateServers();
  store = await createMigratedDatabase();
  folder = await createTestFolder();
  devnet = await startDevnet({
    stateDir: join(folder.path, 'chain'),
    blockTimeMs: 200,
    // Nothing is proven here.
    verifier: {
      verifySeal: () => Promise.resolve(false),
      verifyAggregate: () => Promise.resolve(false),
      verifyWindowPoSt: () => Promise.resolve(false),
      close: () => Promise.resolve(),
    },
  });
  cli = new Cli({
    BEEPRO_MYSQL_URL: store.options.url,
    BEEPRO_MYSQL_PASSWORD_FILE: store.options.passwordFile,
    BEEPRO_REDIS_URL: servers.env.BEEPRO_REDIS_URL,
    BEEPRO_REDIS_PASSWORD_FILE: servers.env.BEEPRO_REDIS_PASSWORD_FILE,
    BEEPRO_STATE_DIR: folder.path,
  });
  await cli.json(
    ...['setting', 'set', 'chain.nodes'],
    `${devnet.url} token=file:${join(folder.path, 'chain', 'token')}`,
  );
});

afterAll(async () => {
  await devnet?.stop();
  await store?.drop();
  await servers?.stop();
  await folder?.remove();
});

describe('a miner and its sectors', () => {
  test('nothing yet', async () => {
    expect((await cli.run('miner', 'list')).stdout).toContain('beepro miner add');
    expect((await cli.run('sector', 'list')).stdout).toContain('beepro sector pledge');
    expect(await cli.json('sector', 'list')).toEqual([]);
    expect((await cli.run('message', 'list')).stdout).toContain('No such message');
    expect(await cli.failure('piece', 'add', folder.path)).toMatchObject({ exit: 2, code: 'INPUT_INVALID' });
    expect(await cli.failure('miner', 'add', 't09999')).toMatchObject({ exit: 1 });
  });

  test('added as the chain has it, and shown with what the chain says', async () => {
    expect(await cli.json('miner', 'add', 't01000')).toMatchObject({ id: 1000, sector_size: '2KiB' });
    expect((await cli.run('miner', 'list')).stdout).toMatch(/^t01000 .*2KiB +0 +0 +0/m);
    const { stdout } = await cli.run('miner', 'info', 't01000');
    expect(stdout).toMatch(/^sectors on chain +0 live, 0 active, 0 faulty$/m);
    expect(stdout).toContain('1000 FIL');
  });

  test('pledged, listed, explained, queued', async () => {
    expect(await cli.json('sector', 'pledge', '--miner', 't01000', '--count', '3')).toEqual({
      sectors: ['t01000/0', 't01000/1', 't01000/2'],
    });
    expect((await cli.run('sector', 'list')).stdout.match(/^t01000\/\d +AddPiece/gm)).toHaveLength(3);
    const why = (await cli.run('why', 't01000/1')).stdout;
    expect(why).toMatch(/^Sector t01000\/1 waits for a worker that takes AP\.\n/);
    expect(why).toMatch(/^AP has been in the queue of all workers for .*, with 1 before it\.$/m);
    expect((await cli.run('sector', 'show', 't01000/1')).stdout).toMatch(/^AP +1 +queued/m);
    expect((await cli.run('sector', 'log', 't01000/1')).stdout).toMatch(/pledged +– +AddPiece/);
    expect((await cli.run('queue', 'list')).stdout).toMatch(/^add-piece +3 +0 +0/m);
    expect((await cli.run('audit')).stdout).toBe('Database and chain agree.\n');
  });

  test('a paused queue says who paused it, and goes on', async () => {
    await cli.json('queue', 'pause', 'add-piece');
    expect((await cli.run('queue', 'list')).stdout).toMatch(/^add-piece .*cli:/m);
    expect(await cli.json('queue', 'resume', 'add-piece')).toMatchObject({ wasPaused: true });
    expect(await cli.json('queue', 'resume', 'add-piece')).toMatchObject({ wasPaused: false });
  });

  test('what the state does not allow is refused, what it allows is done', async () => {
    expect(await cli.failure('sector', 'resume', 't01000/1')).toMatchObject({
      exit: 1,
      code: 'SECTOR_EVENT_REFUSED',
    });
    expect(await cli.json('sector', 'remove', 't01000/1')).toMatchObject({
      state: expect.stringMatching(/^Remov/),
    });
    expect((await cli.run('sector', 'log', 't01000/1')).stdout).toContain('remove');
  });
});

describe('pieces', () => {
  test('added once however often, listed, shown, and got back from the stored copy', async () => {
    const file = join(folder.path, 'data.bin');
    const data = Buffer.from('bees '.repeat(100));
    await writeFile(file, data);
    const [added] = (await cli.json('piece', 'add', file)) as [{ cid: string }];
    expect(added).toMatchObject({ isNew: true, raw_size: 500, padded_size: 512, miner: 't01000' });
    expect(await cli.json('piece', 'add', file)).toMatchObject([{ cid: added.cid, isNew: false }]);
    expect((await cli.run('piece', 'list')).stdout).toMatch(new RegExp(`${added.cid} +500 B +stored`));
    expect((await cli.run('piece', 'show', added.cid)).stdout).toContain('a sector that collects pieces');
    const out = join(folder.path, 'out.bin');
    expect(await cli.json('piece', 'retrieve', added.cid, '--out', out)).toMatchObject({
      way: 'stored',
      bytes: 500,
    });
    expect(await readFile(out)).toEqual(data);
    const unsealed = await cli.failure('piece', 'retrieve', added.cid, '--out', out, '--unseal');
    expect(unsealed).toMatchObject({ exit: 4, code: 'PIECE_NOT_RETRIEVABLE' });
  });

  test('files that can be no piece are refused', async () => {
    const [empty, large] = [join(folder.path, 'empty'), join(folder.path, 'large')];
    await writeFile(empty, '');
    await writeFile(large, Buffer.alloc(2033, 1));
    expect(await cli.failure('piece', 'add', empty)).toMatchObject({ exit: 1, code: 'PIECE_EMPTY' });
    expect(await cli.failure('piece', 'add', large)).toMatchObject({ exit: 1, code: 'PIECE_TOO_LARGE' });
    expect(await cli.failure('piece', 'add', '--car', large)).toMatchObject({ exit: 1 });
    expect(await cli.failure('piece', 'add', '/nowhere/at/all')).toMatchObject({ code: 'PIECE_NOT_A_FILE' });
  });
});

describe('100,000 sectors', () => {
  beforeAll(async () => {
    const digits =
      '(SELECT 0 d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)';
    await sql`INSERT INTO sector (miner, number, state, kind, seal_proof, recoveries)
      SELECT 1000, 1000 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d, 'Proving', 'cc', 5, '{}'
        FROM ${sql.raw(digits)} a, ${sql.raw(digits)} b, ${sql.raw(digits)} c, ${sql.raw(digits)} e, ${sql.raw(digits)} f`.execute(
      store.database.kysely,
    );
  });

  test('are listed a page at a time, each page naming the next', async () => {
    const first = (await cli.run('sector', 'list', '--state', 'Proving', '--limit', '50')).stdout
      .trimEnd()
      .split('\n');
    expect(first).toHaveLength(52);
    expect(first.at(-1)).toBe('More: --after t01000/1049');
    const next = await cli.json('sector', 'list', '--after', 't01000/1049', '--limit', '2');
    expect(next).toMatchObject([{ number: 1050 }, { number: 1051 }]);
    const last = await cli.run('sector', 'list', '--after', 't01000/100998');
    expect(last.stdout).not.toContain('More:');
  });

  test('are all listed when that is asked for', async () => {
    const { stdout } = await cli.run('sector', 'list', '--limit', '200000');
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + 100_003);
  });

  test('are counted', async () => {
    expect((await cli.run('miner', 'list')).stdout).toMatch(/^t01000 .* 100003 +100000 +0/m);
  });
});
