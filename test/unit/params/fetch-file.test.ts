import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestFolder } from '#testing';
import { type FetchOptions, fetchFile } from '../../../src/params/fetch-file.ts';
import { type Behaviour, fileOf, startGateway } from './gateway-server.ts';

const NAME = 'v28-test.params';
const PART = `.beepro-part-${NAME}`;
const SIZE = 300_000;

async function scene() {
  const folder = await createTestFolder();
  const content = randomBytes(SIZE);
  const gateway = await startGateway({ [NAME]: content });
  const file = fileOf(NAME, content);
  const stack = new AsyncDisposableStack();
  stack.use(folder);
  stack.use(gateway);
  const fetch = (options: FetchOptions = {}) =>
    fetchFile(folder.path, file, {
      gateway: gateway.url,
      backOffMs: 1,
      ...options,
      onProgress: (name, done, total) => {
        gateway.received(done);
        options.onProgress?.(name, done, total);
      },
    });
  return {
    content,
    gateway,
    file,
    folder: folder.path,
    fetch,
    ranges: () => gateway.requests.map(({ range }) => range),
    read: () => readFile(join(folder.path, NAME)),
    names: () => readdir(folder.path),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

test('a file is fetched whole, with progress', async () => {
  await using s = await scene();
  const progress: number[] = [];
  await s.fetch({
    onProgress: (name, done, total) => {
      expect([name, total]).toEqual([NAME, SIZE]);
      progress.push(done);
    },
  });
  expect((await s.read()).equals(s.content)).toBe(true);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toBe(SIZE);
  expect(await s.names()).toEqual([NAME]);
});

test.each<[string, Behaviour[], (string | undefined)[]]>([
  ['a connection that breaks', ['hang-up'], [undefined, 'bytes=150000-']],
  ['one that breaks twice', ['hang-up', 'hang-up'], [undefined, 'bytes=150000-', 'bytes=225000-']],
  ['one that falls silent', ['stall'], [undefined, 'bytes=150000-']],
  ['a server that is overloaded', [{ status: 503 }, { status: 429 }], [undefined, undefined, undefined]],
  ['a server without ranges', ['hang-up', 'ignore-range'], [undefined, 'bytes=150000-']],
])('%s costs only what was not there yet', async (_, behaviours, ranges) => {
  await using s = await scene();
  s.gateway.behave(...behaviours);
  await s.fetch({ stallMs: 300 });
  expect((await s.read()).equals(s.content)).toBe(true);
  expect(s.ranges()).toEqual(ranges);
});

test('a later run goes on where an earlier one stopped', async () => {
  await using s = await scene();
  s.gateway.behave('hang-up', { status: 404 });
  await expect(s.fetch()).rejects.toMatchObject({ code: 'PARAMS_NOT_AT_GATEWAY' });
  expect(await s.names()).toEqual([PART]);
  await s.fetch();
  expect((await s.read()).equals(s.content)).toBe(true);
  expect(s.ranges()).toEqual([undefined, 'bytes=150000-', 'bytes=150000-']);
});

test('fruitless tries are bounded, fruitful ones are not', async () => {
  await using s = await scene();
  s.gateway.alwaysBehave('hang-up');
  // Each brings half of the rest, so the file is complete in the end.
  await s.fetch({ attempts: 1 });
  expect((await s.read()).equals(s.content)).toBe(true);

  await using t = await scene();
  t.gateway.alwaysBehave({ status: 500 });
  await expect(t.fetch({ attempts: 3 })).rejects.toMatchObject({
    code: 'PARAMS_HTTP_STATUS',
    data: { status: 500 },
  });
  expect(t.gateway.requests).toHaveLength(3);
});

test('what an earlier run left damaged is fetched anew', async () => {
  await using s = await scene();
  await writeFile(join(s.folder, PART), randomBytes(1_000));
  await s.fetch();
  expect((await s.read()).equals(s.content)).toBe(true);
  expect(s.ranges()).toEqual(['bytes=1000-', undefined]);
});

test('what an earlier run left complete only needs its name', async () => {
  await using s = await scene();
  await writeFile(join(s.folder, PART), s.content);
  await s.fetch();
  expect((await s.read()).equals(s.content)).toBe(true);
  expect(s.ranges()).toEqual([`bytes=${SIZE}-`]);
});

test('what an earlier run left too long is fetched anew', async () => {
  await using s = await scene();
  await writeFile(join(s.folder, PART), Buffer.concat([s.content, Buffer.from('x')]));
  await s.fetch();
  expect((await s.read()).equals(s.content)).toBe(true);
});

test('a wrong file is refused and leaves nothing', async () => {
  await using s = await scene();
  const wrong = { ...s.file, published: { ...s.file.published, digest: '0'.repeat(32) } };
  const fetching = fetchFile(s.folder, wrong, { gateway: s.gateway.url });
  await expect(fetching).rejects.toMatchObject({
    code: 'PARAMS_DIGEST_MISMATCH',
    data: { digest: s.file.published.digest, expected: wrong.published.digest },
  });
  expect(await s.names()).toEqual([]);
});

test.each([404, 410])('status %i is final', async (status) => {
  await using s = await scene();
  s.gateway.alwaysBehave({ status });
  await expect(s.fetch()).rejects.toMatchObject({ code: 'PARAMS_NOT_AT_GATEWAY' });
  expect(s.gateway.requests).toHaveLength(1);
});

test.each<[string, Behaviour, number]>([
  ['never answers', 'silence', 0],
  ['falls silent', 'stall', 150_000],
])('a server that %s is given up after a while', async (_, behaviour, kept) => {
  await using s = await scene();
  s.gateway.behave(behaviour);
  s.gateway.alwaysBehave('silence');
  await expect(s.fetch({ stallMs: 200, attempts: 1 })).rejects.toMatchObject({
    code: 'PARAMS_STALLED',
    data: { ms: 200 },
  });
  expect((await readFile(join(s.folder, PART))).length).toBe(kept);
});

test('a server that is not there is said to be', async () => {
  await using s = await scene();
  const url = s.gateway.url;
  await s.gateway[Symbol.asyncDispose]();
  const fetching = fetchFile(s.folder, s.file, { gateway: url, attempts: 2, backOffMs: 1 });
  await expect(fetching).rejects.toMatchObject({
    code: 'PARAMS_UNREACHABLE',
    message: expect.stringContaining('ECONNREFUSED'),
  });
});

test('an abort ends it and keeps what is there', async () => {
  await using s = await scene();
  s.gateway.alwaysBehave('stall');
  const abort = new AbortController();
  const fetching = s.fetch({
    signal: abort.signal,
    onProgress: (_, done) => {
      if (done === 150_000) abort.abort(new Error('enough'));
    },
  });
  await expect(fetching).rejects.toThrow('enough');
  expect((await readFile(join(s.folder, PART))).length).toBe(150_000);
});
