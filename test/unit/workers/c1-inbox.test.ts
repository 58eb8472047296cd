import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Commit1Output, SectorRow } from '#db';
import { createLogger } from '#log';
import { createTestFolder, type TestFolder } from '#testing';
import { C1Inbox, refetchDelayMs, streamAddress } from '../../../workers/c1-stream/inbox.ts';
import { Deferral } from '../../../workers/deferral.ts';

type Context = Parameters<C1Inbox['take']>[0];

const C1 = Buffer.from('{"vanilla": "proofs"}');
const SHA256 = createHash('sha256').update(C1).digest('hex');
const log = createLogger({ role: 'test', level: 'silent', pretty: false });

let folder: TestFolder;
let inbox: C1Inbox;
let silent: Server;
let connections: Socket[];

beforeEach(async () => {
  folder = await createTestFolder();
  inbox = new C1Inbox({
    dir: join(folder.path, 'c1'),
    secret: 'a secret that workers share',
    stallMs: 60,
    pauseMs: 1,
  });
  connections = [];
  silent = createServer((socket) => void connections.push(socket.on('error', () => undefined)));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterEach(async () => {
  for (const socket of connections) socket.destroy();
  silent.close();
  await folder.remove();
});

/** A run of C2 on host-b, of a sector that `sector` says the state of each time it is asked. */
function context(sector: () => Partial<SectorRow>, change: Partial<Context> = {}): Context {
  const listen = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const query: unknown = new Proxy(
    {},
    {
      get: (_, name) =>
        name === 'executeTakeFirst' ? async () => ({ capabilities: { listen } }) : () => query,
    },
  );
  return {
    run: { id: 7, attempt: 1, claim: 1 },
    worker: 'host-b',
    database: { kysely: query },
    signal: new AbortController().signal,
    log,
    sector: async () => sector(),
    progress: () => undefined,
    ...change,
  } as unknown as Context;
}

const output = (more: Partial<Commit1Output> = {}): Commit1Output => ({
  path: '/nvme/c1.json',
  sha256: SHA256,
  size: C1.length,
  ...more,
});

test('a worker that hangs makes the run wait, and costs no try', async () => {
  const taking = inbox.take(context(() => ({ worker: 'host-a', commit1_output: output() })));
  const thrown = await taking.catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(Deferral);
  expect(thrown).toMatchObject({ delayMs: 2_000, reason: { code: 'WORKER_STREAM_FAILED' } });
  expect(connections.length).toBe(3);
});

test.each([
  [1, 2_000],
  [2, 4_000],
  [5, 32_000],
  [6, 60_000],
  [1_000, 60_000],
])('claimed for the %i. time it waits %i ms', (claim, ms) => {
  expect(refetchDelayMs(claim)).toBe(ms);
});

test('a shared copy is used, and the worker not asked', async () => {
  const shared = join(folder.path, 'shared.json');
  await writeFile(shared, C1);
  const taken = await inbox.take(context(() => ({ worker: 'host-a', commit1_output: output({ shared }) })));
  expect(taken).toEqual({ path: join(folder.path, 'c1', '7.json'), sha256: SHA256 });
  expect(connections.length).toBe(0);
  // Once it is here nothing is asked again.
  const again = await inbox.take(context(() => ({ worker: null, commit1_output: output() })));
  expect(again).toEqual(taken);
  await inbox.drop(7);
  expect(readdirSync(join(folder.path, 'c1'))).toEqual([]);
});

test('a shared copy that is damaged is not used; without its worker it is made again', async () => {
  const shared = join(folder.path, 'shared.json');
  await writeFile(shared, 'something else');
  const taking = inbox.take(context(() => ({ worker: null, commit1_output: output({ shared }) })));
  await expect(taking).rejects.toMatchObject({ code: 'SEALER_FILE_MISSING' });
  expect(existsSync(join(folder.path, 'c1', '7.json'))).toBe(false);
});

test('a worker that is lost while it is waited for is not waited for', async () => {
  let asked = 0;
  const sector = () => {
    asked += 1;
    return { worker: asked === 1 ? 'host-a' : null, commit1_output: output() };
  };
  await expect(inbox.take(context(sector))).rejects.toMatchObject({ code: 'SEALER_FILE_MISSING' });
  expect(asked).toBe(2);
});

test('the own sector’s output is used where it lies', async () => {
  const taken = await inbox.take(context(() => ({ worker: 'host-b', commit1_output: output() })));
  expect(taken.path).toBe('/nvme/c1.json');
});

test('a run that is stopped stops waiting', async () => {
  const stopping = new AbortController();
  const one = context(() => ({ worker: 'host-a', commit1_output: output() }), { signal: stopping.signal });
  const taking = inbox.take(one);
  const outcome = expect(taking).rejects.toThrow('stopped');
  stopping.abort(new Error('stopped'));
  await outcome;
});

test('what runs of earlier agents left is removed, and what is needed stays', async () => {
  const dir = join(folder.path, 'c1');
  await mkdir(dir);
  for (const name of ['7.json', '8.json', '9.json.part', 'x']) await writeFile(join(dir, name), '');
  await inbox.sweep(new Set([7]));
  expect(readdirSync(dir)).toEqual(['7.json']);
});

test.each([
  [{ capabilities: { listen: 'http://h:1', other: true } }, 'http://h:1'],
  [{ capabilities: {} }, undefined],
  [{ capabilities: { listen: 5 } }, undefined],
  [undefined, undefined],
])('where a worker serves: %j', (row, address) => {
  expect(streamAddress(row)).toBe(address);
});
