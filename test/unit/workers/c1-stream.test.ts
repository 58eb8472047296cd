import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { readFile, truncate, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLogger } from '#log';
import { createTestFolder, type TestFolder } from '#testing';
import { type FetchC1Options, fetchC1 } from '../../../workers/c1-stream/client.ts';
import {
  C1_PATH,
  type C1Request,
  CHALLENGE_MS,
  CHALLENGE_PATH,
  Challenges,
  encodeRequest,
  HEADERS,
  sign,
} from '../../../workers/c1-stream/protocol.ts';
import { C1Server } from '../../../workers/c1-stream/server.ts';

const SECRET = 'a secret that workers share';
const CLAIM = { source: 'host-a', worker: 'host-b', runId: 7, attempt: 1, claim: 2 };
const log = createLogger({ role: 'test', level: 'silent', pretty: false });

let folder: TestFolder;
let content: Buffer;
let sha256: string;
let source: string;
let asked: C1Request[];
let server: C1Server;
const closers: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  folder = await createTestFolder();
  content = randomBytes(3 * 1024 * 1024 + 17);
  sha256 = createHash('sha256').update(content).digest('hex');
  source = join(folder.path, 'c1.json');
  await writeFile(source, content);
  asked = [];
  server = await C1Server.start({
    worker: 'host-a',
    host: '127.0.0.1',
    port: 0,
    secret: SECRET,
    log,
    fileOf: async (one) => {
      asked.push(one);
      const ours = one.runId === CLAIM.runId && one.claim === CLAIM.claim && one.worker === CLAIM.worker;
      return ours ? { path: source, sha256 } : undefined;
    },
  });
  closers.push(() => server.close());
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await folder.remove();
});

function options(change: Partial<FetchC1Options> = {}): FetchC1Options {
  return {
    address: server.address,
    secret: SECRET,
    request: CLAIM,
    sha256,
    size: content.length,
    target: join(folder.path, 'inbox', '7.json'),
    signal: new AbortController().signal,
    stallMs: 5_000,
    ...change,
  };
}

const target = () => options().target;

test('the file arrives whole, under its name only then, and readable by nobody else', async () => {
  const seen: number[] = [];
  await fetchC1(options({ onBytes: (done) => seen.push(done) }));
  expect(await readFile(target())).toEqual(content);
  expect(statSync(target()).mode & 0o077).toBe(0);
  expect(existsSync(`${target()}.part`)).toBe(false);
  expect(seen.at(-1)).toBe(content.length);
  expect(asked).toEqual([{ ...CLAIM, offset: 0 }]);
});

describe('is refused', () => {
  test.each<[string, Partial<FetchC1Options>, RegExp]>([
    ['a peer with another secret', { secret: 'another secret of some length' }, /do not share one secret/],
    ['another run', { request: { ...CLAIM, runId: 8 } }, /does not know this claim/],
    ['an earlier claim', { request: { ...CLAIM, claim: 1 } }, /does not know this claim/],
    ['a worker that has not claimed it', { request: { ...CLAIM, worker: 'host-c' } }, /does not know this/],
    ['a request for another worker', { request: { ...CLAIM, source: 'host-x' } }, /does not know this claim/],
  ])('%s', async (_what, change, message) => {
    await expect(fetchC1(options(change))).rejects.toMatchObject({
      code: 'WORKER_STREAM_FAILED',
      severity: 'temporary',
      message: expect.stringMatching(message),
    });
    expect(existsSync(target())).toBe(false);
  });

  test('a secret that is too short, before anything is listened on', async () => {
    const start = C1Server.start({
      worker: 'a',
      host: '127.0.0.1',
      port: 0,
      secret: 'short',
      log,
      fileOf: async () => undefined,
    });
    await expect(start).rejects.toMatchObject({ code: 'WORKER_SECRET_INVALID', severity: 'fatal' });
  });

  test('a recorded request that is sent again', async () => {
    const challenge = (await raw('GET', CHALLENGE_PATH)).body;
    const text = encodeRequest({ ...CLAIM, offset: 0 });
    const headers = {
      [HEADERS.challenge]: challenge,
      [HEADERS.request]: text,
      [HEADERS.signature]: sign(SECRET, 'request', challenge, text),
    };
    expect((await raw('GET', C1_PATH, headers)).status).toBe(200);
    expect((await raw('GET', C1_PATH, headers)).status).toBe(401);
  });

  test('a challenge that was not given out here, is damaged, or has no signature', async () => {
    const theirs = new Challenges().issue();
    const ours = (await raw('GET', CHALLENGE_PATH)).body;
    const text = encodeRequest({ ...CLAIM, offset: 0 });
    for (const [challenge, signature] of [
      [theirs, sign(SECRET, 'request', theirs, text)],
      [`${ours}0`, sign(SECRET, 'request', `${ours}0`, text)],
      [ours, ''],
      [ours, sign(SECRET, 'answer', ours, text)],
      ['', ''],
    ] as const) {
      const headers = {
        [HEADERS.challenge]: challenge,
        [HEADERS.request]: text,
        [HEADERS.signature]: signature,
      };
      expect((await raw('GET', C1_PATH, headers)).status).toBe(401);
    }
    expect(asked).toEqual([]);
  });

  test('a path, wherever it is put', async () => {
    for (const path of [
      '/',
      '/etc/passwd',
      '/../../etc/passwd',
      '/v1/c1/../../../etc/passwd',
      '/v1/c1?path=/etc/passwd',
      '/v1/%2e%2e/%2e%2e/etc/passwd',
      '/v1/challenge/../c1',
    ]) {
      expect((await raw('GET', path)).status, path).toBe(404);
    }
    expect((await raw('POST', C1_PATH)).status).toBe(404);
    // Signed, and with a path where only ids may stand.
    for (const more of [{ path: '/etc/passwd' }, { runId: '../../etc/passwd' }, { offset: -1 }]) {
      const challenge = (await raw('GET', CHALLENGE_PATH)).body;
      const text = Buffer.from(JSON.stringify({ ...CLAIM, offset: 0, ...more })).toString('base64url');
      const signature = sign(SECRET, 'request', challenge, text);
      const answer = await raw('GET', C1_PATH, {
        [HEADERS.challenge]: challenge,
        [HEADERS.request]: text,
        [HEADERS.signature]: signature,
      });
      expect([answer.status, answer.body]).toEqual([409, '']);
    }
    expect(asked).toEqual([]);
  });
});

describe('what is wrong with the source is said by it', () => {
  test('a file that is gone: C1 is to be made again', async () => {
    source = join(folder.path, 'nothing');
    await expect(fetchC1(options())).rejects.toMatchObject({ code: 'SEALER_FILE_MISSING' });
  });

  test('a file that is not what C1 wrote', async () => {
    content[5] = (content[5] ?? 0) ^ 1;
    await writeFile(source, content);
    await expect(fetchC1(options())).rejects.toMatchObject({ code: 'SEALER_DIGEST_MISMATCH' });
    expect(existsSync(target())).toBe(false);
  });
});

describe('on a bad way', () => {
  test('bytes that are changed are noticed, thrown away, and fetched again', async () => {
    const proxy = await relay((chunk, at) => {
      if (at > 100_000) chunk[chunk.length - 1] = (chunk.at(-1) ?? 0) ^ 1;
      return chunk;
    });
    await expect(fetchC1(options({ address: proxy }))).rejects.toMatchObject({
      code: 'WORKER_STREAM_FAILED',
      message: expect.stringContaining('another digest'),
    });
    expect(existsSync(target())).toBe(false);
    expect(statSync(`${target()}.part`).size).toBe(0);
    await fetchC1(options());
    expect(await readFile(target())).toEqual(content);
  });

  test('a connection that is lost in the middle is gone on from, not begun anew', async () => {
    const proxy = await relay((chunk, at) => (at > 1_000_000 ? undefined : chunk));
    await expect(fetchC1(options({ address: proxy }))).rejects.toMatchObject({
      code: 'WORKER_STREAM_FAILED',
    });
    const come = statSync(`${target()}.part`).size;
    expect(come).toBeGreaterThan(100_000);
    await fetchC1(options());
    expect(asked.at(-1)?.offset).toBe(come);
    expect(await readFile(target())).toEqual(content);
  });

  test('a server that ends while it serves', async () => {
    let begun = () => {};
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    // More than the buffers of the way hold, and slow, so that the end comes in the middle.
    content = randomBytes(32 * 1024 * 1024);
    sha256 = createHash('sha256').update(content).digest('hex');
    await writeFile(source, content);
    const proxy = await relay((chunk, at) => {
      if (at > 200_000) begun();
      return chunk;
    }, 50);
    const fetching = fetchC1(options({ address: proxy, sha256, size: content.length }));
    const outcome = expect(fetching).rejects.toMatchObject({ code: 'WORKER_STREAM_FAILED' });
    await first;
    await server.close();
    await outcome;
    expect(existsSync(target())).toBe(false);
    await expect(fetchC1(options())).rejects.toMatchObject({ code: 'WORKER_STREAM_FAILED' });
  });

  test.each([
    ['says nothing at all', ''],
    ['stops in its head', 'HTTP/1.1 200 OK\r\n'],
    ['stops in its body', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'],
  ])('a peer that %s is given up', async (_what, text) => {
    const address = await tcp((socket) => socket.write(text));
    await expect(fetchC1(options({ address, stallMs: 150 }))).rejects.toMatchObject({
      code: 'WORKER_STREAM_FAILED',
      message: expect.stringContaining('silent'),
    });
  });

  test('a peer that hangs in the middle of the file is given up', async () => {
    let sent = 0;
    const proxy = await relay((chunk) => {
      sent += chunk.length;
      return sent > 500_000 ? Buffer.alloc(0) : chunk;
    });
    await expect(fetchC1(options({ address: proxy, stallMs: 200 }))).rejects.toMatchObject({
      code: 'WORKER_STREAM_FAILED',
    });
    expect(statSync(`${target()}.part`).size).toBeGreaterThan(0);
  });

  test('somebody who does not know the secret and answers in the worker’s place is not believed', async () => {
    const address = await http((request, reply) => {
      if (request.url === CHALLENGE_PATH) reply(200, {}, '1.aa.bb');
      else {
        const answer = Buffer.from(JSON.stringify({ status: 'missing' })).toString('base64url');
        reply(409, { [HEADERS.answer]: answer, [HEADERS.answerSignature]: 'ab'.repeat(32) }, '');
      }
    });
    await expect(fetchC1(options({ address }))).rejects.toMatchObject({
      code: 'WORKER_STREAM_FAILED',
      message: expect.stringContaining('not signed'),
    });
  });

  test.each([
    ['a web page', '<html>'.repeat(1_000)],
    ['nothing', ''],
  ])('%s in place of a challenge', async (_what, body) => {
    const address = await http((_request, reply) => reply(200, {}, body));
    await expect(fetchC1(options({ address }))).rejects.toMatchObject({ code: 'WORKER_STREAM_FAILED' });
  });

  test('a file of another size than MySQL has is not taken', async () => {
    await expect(fetchC1(options({ size: content.length - 1 }))).rejects.toMatchObject({
      code: 'WORKER_STREAM_FAILED',
      message: expect.stringContaining('are expected'),
    });
  });

  test('what an earlier run left that does not belong to it is thrown away', async () => {
    await fetchC1(options({ target: join(folder.path, 'inbox', 'other.json') }));
    await writeFile(`${target()}.part`, randomBytes(1_000));
    await expect(fetchC1(options())).rejects.toMatchObject({ code: 'WORKER_STREAM_FAILED' });
    await fetchC1(options());
    expect(await readFile(target())).toEqual(content);
    await truncate(source, 0);
  });

  test('who stops it is told so', async () => {
    const address = await tcp(() => undefined);
    const stopping = new AbortController();
    const fetching = fetchC1(options({ address, signal: stopping.signal }));
    const outcome = expect(fetching).rejects.toThrow('enough');
    stopping.abort(new Error('enough'));
    await outcome;
  });
});

test('challenges end by their own clock, and answered ones are forgotten with their time', () => {
  let now = 0;
  const challenges = new Challenges(() => now);
  const [first, second] = [challenges.issue(), challenges.issue()];
  expect(challenges.isOpen(first)).toBe(true);
  challenges.use(first);
  expect(challenges.isOpen(first)).toBe(false);
  now = CHALLENGE_MS;
  expect(challenges.isOpen(second)).toBe(true);
  now = CHALLENGE_MS + 1;
  expect(challenges.isOpen(second)).toBe(false);
  now = 10 * CHALLENGE_MS;
  challenges.use(challenges.issue());
  expect(challenges.isOpen(first)).toBe(false);
});

interface RawAnswer {
  readonly status: number | undefined;
  readonly body: string;
}

/** The path goes out as it stands: no client tidies it. */
async function raw(method: string, path: string, headers: Record<string, string> = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(server.address);
  const asking = request({ host: hostname, port, method, path, headers, agent: false });
  asking.end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode, body: Buffer.concat(chunks).toString('latin1') };
}

async function listening(one: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  one.listen(0, '127.0.0.1');
  await once(one, 'listening');
  return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
}

async function tcp(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const one = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    one.close();
  });
  return listening(one);
}

async function http(
  serve: (
    request: IncomingMessage,
    reply: (status: number, headers: Record<string, string>, body: string) => void,
  ) => void,
): Promise<string> {
  const one = createServer((request, response) =>
    serve(request, (status, headers, body) => {
      response.writeHead(status, headers);
      response.end(body);
    }),
  );
  closers.push(() => one.close());
  return listening(one);
}

/** A way to the server on which `change` sees what comes back; undefined from it cuts the connection. */
async function relay(
  change: (chunk: Buffer, at: number) => Buffer | undefined,
  pauseMs = 0,
): Promise<string> {
  const { hostname, port } = new URL(server.address);
  return tcp((client) => {
    let at = 0;
    const upstream = connect(Number(port), hostname);
    upstream.on('error', () => client.destroy());
    upstream.on('close', () => client.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream);
    upstream.on('data', (chunk: Buffer) => {
      at += chunk.length;
      const changed = change(chunk, at);
      if (changed === undefined) client.destroy();
      else if (changed.length > 0) client.write(changed);
      if (pauseMs === 0) return;
      upstream.pause();
      setTimeout(() => upstream.resume(), pauseMs);
    });
  });
}
