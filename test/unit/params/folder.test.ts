import { randomBytes } from 'node:crypto';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { digestFile, fetchFiles, type InspectOptions, inspectFiles, type ParameterFile } from '#params';
import { createTestFolder } from '#testing';
import { lockFolder } from '../../../src/params/folder-lock.ts';
import { fileOf, startGateway } from './gateway-server.ts';

/** A verifying key of zeros: the smallest content that is whole. */
function key(inputs: number): Buffer {
  const content = Buffer.alloc(3 * 96 + 3 * 192 + 4 + inputs * 96);
  content.writeUInt32BE(inputs, 3 * 96 + 3 * 192);
  return content;
}

/** Parameters that begin with that key; the lists H, L, A, B, B hold one point each. */
function parameters(inputs: number): Buffer {
  const lists = [96, 96, 96, 96, 192].map((point) => {
    const list = Buffer.alloc(4 + point);
    list.writeUInt32BE(1);
    return list;
  });
  return Buffer.concat([key(inputs), ...lists]);
}

async function scene() {
  const folder = await createTestFolder();
  const vk = fileOf('v28-a.vk', key(2));
  const params = fileOf('v28-a.params', parameters(2));
  return {
    folder: folder.path,
    vk,
    params,
    files: [params, vk],
    put: (file: ParameterFile, content: Buffer) => writeFile(join(folder.path, file.name), content),
    record: (file: ParameterFile, content: Buffer) =>
      writeFile(
        join(folder.path, 'beepro-params.json'),
        JSON.stringify({
          version: 1,
          files: {
            [file.name]: {
              origin: 'generated',
              kind: 'porep',
              sector_size: 2048,
              size: content.length,
              digest: fileOf('x', content).published.digest,
              created: 1_800_000_000,
              tool: 'beepro-paramgen 0.1.0',
            },
          },
        }),
      ),
    states: async (options?: InspectOptions) =>
      (await inspectFiles(folder.path, [params, vk], options)).map(({ state }) => state),
    [Symbol.asyncDispose]: () => folder.remove(),
  };
}

test('the digest is the first half of BLAKE2b-512, as in Filecoin’s list', async () => {
  await using s = await scene();
  await s.put(s.vk, Buffer.from('abc'));
  // RFC 7693, appendix A.
  expect(await digestFile(join(s.folder, s.vk.name))).toBe('ba80a53f981c4d0d6a2797b69f12f6e9');
});

test('an empty folder, and one that is not there, lack everything', async () => {
  await using s = await scene();
  expect(await s.states()).toEqual(['missing', 'missing']);
  const inspected = await inspectFiles(join(s.folder, 'none'), s.files);
  expect(inspected.map(({ state }) => state)).toEqual(['missing', 'missing']);
});

test('what lies in a folder is told apart', async () => {
  await using s = await scene();
  await s.put(s.params, parameters(2));
  await s.put(s.vk, key(2));
  expect(await s.states()).toEqual(['published-verified', 'published-verified']);
  await s.put(s.params, parameters(3));
  await s.put(s.vk, key(3));
  expect(await s.states()).toEqual(['unknown', 'unknown']);
  await s.record(s.params, parameters(3));
  const [first] = await inspectFiles(s.folder, s.files);
  expect(first).toMatchObject({
    state: 'generated',
    bytes: parameters(3).length,
    generated: { at: new Date('2027-01-15T08:00:00Z'), tool: 'beepro-paramgen 0.1.0' },
  });
  await truncate(join(s.folder, s.vk.name), 900);
  const altered = parameters(3);
  altered[5] = 1;
  await s.put(s.params, altered);
  expect(await s.states()).toEqual(['corrupt', 'corrupt']);
  await s.put(s.params, Buffer.alloc(10));
  await s.put(s.vk, Buffer.alloc(0));
  expect(await s.states()).toEqual(['corrupt', 'corrupt']);
});

test('a file is hashed once, and again when it changes or on demand', async () => {
  await using s = await scene();
  await s.put(s.params, parameters(2));
  const hashed: string[] = [];
  const onProgress = (name: string, done: number, total: number) => {
    if (done === total) hashed.push(name);
  };
  await s.states({ onProgress });
  expect(hashed).toEqual([s.params.name]);
  await s.states({ onProgress });
  expect(hashed).toHaveLength(1);
  expect(await s.states({ onProgress, rehash: true })).toEqual(['published-verified', 'missing']);
  expect(hashed).toHaveLength(2);
  await s.put(s.params, parameters(3));
  expect(await s.states({ onProgress })).toEqual(['unknown', 'missing']);
  expect(hashed).toHaveLength(3);
});

test('a damaged memory of digests is forgotten', async () => {
  await using s = await scene();
  await s.put(s.vk, key(2));
  await writeFile(join(s.folder, '.beepro-digests.json'), '{"v28-a.vk":{"digest":"made up"}}');
  expect(await s.states()).toEqual(['missing', 'published-verified']);
});

test('records that cannot be read are an error, not an absence', async () => {
  await using s = await scene();
  await writeFile(join(s.folder, 'beepro-params.json'), '{"version":2}');
  await expect(s.states()).rejects.toMatchObject({ code: 'PARAMS_RECORDS_UNREADABLE' });
});

async function served() {
  const s = await scene();
  const gateway = await startGateway({ 'v28-a.vk': key(2), 'v28-a.params': parameters(2) });
  const stack = new AsyncDisposableStack();
  stack.use(s);
  stack.use(gateway);
  return { ...s, gateway, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

test('what lacks is fetched, the small file first, and nothing twice', async () => {
  await using s = await served();
  const names = [s.params.name, s.vk.name];
  const first = await fetchFiles(s.folder, s.files, { gateway: s.gateway.url });
  expect(first).toEqual({ fetched: [s.vk.name, s.params.name], kept: [] });
  expect(await s.states({ onProgress: () => expect.unreachable('it is verified already') })).toEqual([
    'published-verified',
    'published-verified',
  ]);
  const second = await fetchFiles(s.folder, s.files, { gateway: s.gateway.url });
  expect(second).toEqual({ fetched: [], kept: names });
  expect(s.gateway.requests.map(({ cid }) => cid)).toEqual([s.vk.name, s.params.name]);
});

test('two fetches at once do the work once', async () => {
  await using s = await served();
  const fetch = () => fetchFiles(s.folder, s.files, { gateway: s.gateway.url });
  const results = await Promise.all([fetch(), fetch()]);
  expect(results.flatMap(({ fetched }) => fetched)).toHaveLength(2);
  expect(s.gateway.requests).toHaveLength(2);
});

test('a folder that another process holds is waited for, but not for ever', async () => {
  await using s = await served();
  const held = await lockFolder(s.folder);
  const waited: string[] = [];
  const fetching = fetchFiles(s.folder, s.files, {
    gateway: s.gateway.url,
    waitMs: 300,
    onWait: () => waited.push('told'),
  });
  await expect(fetching).rejects.toMatchObject({ code: 'PARAMS_BUSY' });
  expect(waited).toEqual(['told']);
  expect(s.gateway.requests).toEqual([]);
  await held.release();
  await fetchFiles(s.folder, s.files, { gateway: s.gateway.url, waitMs: 0 });
});

test('files of another origin are replaced only on demand, corrupt ones always', async () => {
  await using s = await served();
  await s.put(s.params, parameters(3));
  await s.put(s.vk, Buffer.alloc(3));
  const options = { gateway: s.gateway.url };
  await expect(fetchFiles(s.folder, s.files, options)).rejects.toMatchObject({
    code: 'PARAMS_IN_THE_WAY',
    data: { name: s.params.name, state: 'unknown' },
  });
  expect(await readFile(join(s.folder, s.params.name))).toEqual(parameters(3));
  expect(await s.states()).toEqual(['unknown', 'corrupt']);
  await fetchFiles(s.folder, s.files, { ...options, replace: true });
  expect(await s.states()).toEqual(['published-verified', 'published-verified']);
});

test('a folder that cannot be made is said to be', async () => {
  await using s = await served();
  const file = join(s.folder, 'file');
  await writeFile(file, randomBytes(1));
  const fetching = fetchFiles(join(file, 'x'), s.files, { gateway: s.gateway.url });
  await expect(fetching).rejects.toMatchObject({ code: 'PARAMS_FOLDER_UNWRITABLE' });
  expect(await readdir(s.folder)).toEqual(['file']);
});
