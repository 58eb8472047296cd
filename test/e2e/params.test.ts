import { readdir, rm, truncate, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  allParameterSets,
  generateSet,
  inspectFiles,
  neededFiles,
  type ParameterSet,
  removeFile,
  requireUsable,
  type SetUpEvent,
  setUpParameters,
} from '#params';
import { createTestFolder } from '#testing';
import { startGateway } from '../unit/params/gateway-server.ts';

const program = process.env.BEEPRO_SEALER_BIN ?? '';
const embedded = { name: 'beepro-devnet', embedded: true };

function setOf(kind: string): ParameterSet {
  const set = allParameterSets().find((s) => s.kind === kind && (s.size === '2KiB' || s.size === undefined));
  if (!set) throw new Error(`no ${kind}`);
  return set;
}

async function states(folder: string, set: ParameterSet) {
  return (await inspectFiles(folder, set.files)).map(({ state }) => state);
}

test('window PoSt parameters are generated, usable here only, and removed', async () => {
  await using folder = await createTestFolder();
  const set = setOf('window-post');
  const fractions: number[] = [];
  const outcome = await generateSet(folder.path, set, {
    program,
    threads: 2,
    onProgress: ({ fraction }) => fractions.push(fraction),
  });
  expect(outcome).toBe('generated');
  expect(fractions.at(-1)).toBe(1);
  expect(await generateSet(folder.path, set, { program })).toBe('present');

  const inspected = await inspectFiles(folder.path, set.files);
  expect(inspected.map(({ state }) => state)).toEqual(['generated', 'generated']);
  expect(inspected.map(({ bytes }) => bytes)).toEqual(set.files.map(({ published }) => published.bytes));
  expect(() => requireUsable(folder.path, embedded, inspected, [])).not.toThrow();
  const mainnet = { name: 'mainnet', embedded: false };
  expect(() => requireUsable(folder.path, mainnet, inspected, [])).toThrow('is not the published file');

  for (const { name } of set.files) await removeFile(folder.path, name, program);
  expect(await states(folder.path, set)).toEqual(['missing', 'missing']);
  await expect(removeFile(folder.path, set.files[0]?.name ?? '', program)).rejects.toMatchObject({
    code: 'PARAMS_ABSENT',
  });
  await expect(removeFile(folder.path, 'beepro-params.json', program)).rejects.toMatchObject({
    code: 'PARAMS_UNKNOWN_FILE',
  });
});

test('the set-up asks the server, generates when it is out of reach, and mends what it made', async () => {
  await using folder = await createTestFolder();
  await using gateway = await startGateway({});
  const needs = { sizes: [], aggregation: true };
  const srs = setOf('srs');
  const events: SetUpEvent[] = [];
  const setUp = () =>
    setUpParameters(folder.path, needs, {
      program,
      gateway: gateway.url,
      onEvent: (event) => events.push(event),
    });
  const first = await setUp();
  expect(first.map(({ state }) => state)).toEqual(['generated']);
  expect(gateway.requests).toHaveLength(1);
  const steps = events.map(({ step }) => step);
  expect(steps.indexOf('unreachable')).toBeLessThan(steps.indexOf('generate'));

  events.length = 0;
  expect(await setUp()).toEqual(first);
  expect(events).toEqual([]);

  // A file that was truncated is made anew; one whose record was lost is not ours to touch.
  const path = join(folder.path, srs.files[0]?.name ?? '');
  await truncate(path, 1_000);
  await utimes(path, 1, 1);
  expect(await states(folder.path, srs)).toEqual(['corrupt']);
  const mended = await setUp();
  expect(mended.map(({ state }) => state)).toEqual(['generated']);
  expect(mended[0]?.bytes).toBe(first[0]?.bytes);
  await rm(join(folder.path, 'beepro-params.json'));
  expect((await setUp()).map(({ state }) => state)).toEqual(['unknown']);
});

test('offline, sizes that are only fetched are refused', async () => {
  await using folder = await createTestFolder();
  const setUp = setUpParameters(folder.path, { sizes: ['32GiB'] }, { program, offline: true });
  await expect(setUp).rejects.toMatchObject({ code: 'PARAMS_NOT_GENERATED' });
  expect(await readdir(folder.path)).toEqual([]);
  expect(neededFiles({ sizes: ['32GiB'] })).toHaveLength(6);
});
