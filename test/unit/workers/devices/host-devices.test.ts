import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type DeclaredDevices, parseSettingValue } from '#config';
import { BeeproError } from '#core';
import { createLogger } from '#log';
import { createTestFolder, type TestFolder, waitFor } from '#testing';
import { HostDevices } from '../../../../workers/devices/index.ts';
import { FakeNvidiaSmi, GPU_A, GPU_B, gpuRow } from './fake-nvidia-smi.ts';

let folder: TestFolder;
let tool: FakeNvidiaSmi;
let declared: string;
let out: string[];
let backoff: { baseMs: number; capMs: number };

beforeEach(async () => {
  folder = await createTestFolder();
  tool = new FakeNvidiaSmi(folder.path);
  [declared, out, backoff] = ['auto', [], { baseMs: 1, capMs: 1 }];
});
afterEach(() => folder.remove());

/** The agent of this host, as it is after each of its starts. */
async function open(gpuBuilt = true): Promise<HostDevices> {
  const devices = await HostDevices.open({
    file: join(folder.path, 'state', 'devices.json'),
    folder: join(folder.path, 'devices'),
    settings: () => ({
      declared: parseSettingValue('worker.devices', declared) as DeclaredDevices,
      slots: 1,
      postSlots: 0,
      out,
      backoff,
    }),
    log: createLogger({ role: 'test', level: 'silent', pretty: false }),
    tool: tool.path,
  });
  devices.gpuBuilt = gpuBuilt;
  await devices.look();
  return devices;
}

const states = (devices: HostDevices) => devices.views([]).map((view) => [view.id, view.outOfService]);

describe('a GPU', () => {
  test('that was known once and is gone is out of service, over restarts, until it is back and passes its test', async () => {
    tool.lists(gpuRow(GPU_A), gpuRow(GPU_B));
    expect(states(await open())).toEqual([
      [GPU_A, undefined],
      [GPU_B, undefined],
    ]);
    tool.lists(gpuRow(GPU_B));
    const gone = await open();
    expect(states(gone)).toEqual([
      [GPU_A, 'nvidia-smi does not list it'],
      [GPU_B, undefined],
    ]);
    expect(gone.dueForTest()).toEqual([]);
    tool.lists(gpuRow(GPU_A), gpuRow(GPU_B));
    const back = await open();
    expect(states(back)[0]?.[1]).toMatch(/^nvidia-smi does not list it; its self-test is due at /);
    await waitFor(() => back.dueForTest().length === 1);
    await back.noteTest(GPU_A, undefined);
    expect(states(back)[0]).toEqual([GPU_A, undefined]);
  });

  test('that is gone takes the machine without nvidia-smi out of PC2 and C2, until the operator says none', async () => {
    tool.lists(gpuRow(GPU_A));
    await open();
    tool.fails(9, 'NVIDIA-SMI has failed because it couldn’t communicate with the NVIDIA driver.');
    expect(states(await open())[0]?.[1]).toMatch(/^nvidia-smi failed: NVIDIA-SMI has failed/);
    declared = 'none';
    expect(states(await open())).toEqual([]);
    declared = 'auto';
    expect(states(await open())).toEqual([]);
  });

  test('that is lost under a job is told; a tool that only fails is no proof of it', async () => {
    tool.lists(gpuRow(GPU_A), gpuRow(GPU_B));
    const devices = await open();
    const held = [{ seat: { device: GPU_A, slot: 0 }, use: 'commit2' as const }];
    expect([...devices.lost(held)]).toEqual([]);
    tool.fails(15, 'Unable to determine the device handle');
    await devices.look();
    expect([...devices.lost(held)]).toEqual([]);
    tool.lists(gpuRow(GPU_A, 'A40, [GPU is lost], [GPU is lost]'), gpuRow(GPU_B));
    await devices.look();
    expect([...devices.lost(held)]).toEqual([GPU_A]);
    tool.lists(gpuRow(GPU_B));
    await devices.look();
    expect([...devices.lost(held)]).toEqual([GPU_A]);
  });

  test('is all that its sealer sees, with a temporary folder that all on that GPU share', async () => {
    tool.lists(gpuRow(GPU_A), gpuRow(GPU_B));
    const devices = await open();
    const program = (device: string, slot: number) => devices.program({ bin: '/sealer' }, { device, slot });
    const { env, cpus } = program(GPU_A, 0);
    expect(env).toEqual({
      CUDA_VISIBLE_DEVICES: GPU_A,
      BELLMAN_NO_GPU: '0',
      FIL_PROOFS_USE_GPU_TREE_BUILDER: '1',
      TMPDIR: join(folder.path, 'devices', GPU_A),
    });
    expect(cpus).toBeUndefined();
    expect(program(GPU_A, 1).env).toEqual(env);
    expect(program(GPU_B, 0).env?.TMPDIR).not.toBe(env?.TMPDIR);
    expect(existsSync(env?.TMPDIR ?? '')).toBe(true);
    expect(devices.needsGpu({ device: GPU_A, slot: 0 })).toBe(true);
    // What holds no slot sees no GPU.
    expect(devices.program({ bin: '/sealer' }, undefined).env).toMatchObject({
      CUDA_VISIBLE_DEVICES: '',
      BELLMAN_NO_GPU: '1',
    });
  });
});

describe('cores that stand for a device', () => {
  beforeEach(() => {
    declared = 'cpu:0 cores=0 slots=2';
  });

  test('give their sealers their mask, their folder, and no GPU', async () => {
    const devices = await open();
    expect(devices.program({ bin: '/sealer', env: { X: '1' } }, { device: 'cpu:0', slot: 1 })).toEqual({
      bin: '/sealer',
      env: {
        X: '1',
        CUDA_VISIBLE_DEVICES: '',
        BELLMAN_NO_GPU: '1',
        FIL_PROOFS_USE_GPU_TREE_BUILDER: '0',
        TMPDIR: join(folder.path, 'devices', 'cpu-0'),
      },
      cpus: '0',
    });
    expect(devices.needsGpu({ device: 'cpu:0', slot: 0 })).toBe(false);
  });

  test('lose their device to a failure, which a restart does not forget', async () => {
    backoff = { baseMs: 3_600_000, capMs: 3_600_000 };
    const seat = { device: 'cpu:0', slot: 0 };
    await (await open()).note(seat, 'commit2', new BeeproError('SEALER_PROOF_INVALID', { detail: 'x' }));
    const next = await open();
    expect(states(next)[0]?.[1]).toMatch(/^C2: A proof that was made does not verify: x; its self-test/);
    expect(next.dueForTest()).toEqual([]);
    // However far ahead a wrong clock has put it: no longer than the longest back-off.
    backoff = { baseMs: 1, capMs: 1 };
    const later = await open();
    await waitFor(() => later.dueForTest().length === 1);
    backoff = { baseMs: 3_600_000, capMs: 3_600_000 };
    await later.noteTest(
      'cpu:0',
      new BeeproError('DEVICE_SELF_TEST_FAILED', { device: 'cpu:0', detail: 'y' }),
    );
    expect(later.dueForTest()).toEqual([]);
    expect(states(later)[0]?.[1]).toMatch(/^The self-test on cpu:0 failed: y/);
  });

  test('the operator’s word keeps a device out, and its self-test waits', async () => {
    const devices = await open();
    out = ['cpu:0'];
    expect(states(devices)).toEqual([['cpu:0', 'the operator has taken it out']]);
    await devices.note(
      { device: 'cpu:0', slot: 0 },
      'precommit2',
      new BeeproError('SEALER_HUNG', { ms: 1, op: 'x' }),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(devices.dueForTest()).toEqual([]);
    out = [];
    expect(devices.dueForTest()).toHaveLength(1);
  });

  test('slots are given lowest first, and what was withdrawn stays in sight while it is held', async () => {
    const devices = await open();
    const held = [
      { seat: { device: 'cpu:0', slot: 0 }, use: 'precommit2' as const },
      { seat: { device: 'cpu:9', slot: 0 }, use: 'commit2' as const },
    ];
    expect(devices.seat('cpu:0', held)).toEqual({ device: 'cpu:0', slot: 1 });
    expect(devices.views(held)).toEqual([
      { id: 'cpu:0', slots: 2, held: ['precommit2'], reservedForPost: 0 },
      {
        id: 'cpu:9',
        slots: 1,
        held: ['commit2'],
        reservedForPost: 0,
        outOfService: 'it is no longer among worker.devices; what runs on it ends',
      },
    ]);
  });

  test('a broken file of what is remembered is no obstacle', async () => {
    const devices = await open();
    await devices.note(
      { device: 'cpu:0', slot: 0 },
      'commit2',
      new BeeproError('SEALER_HUNG', { ms: 1, op: 'x' }),
    );
    const file = join(folder.path, 'state', 'devices.json');
    expect(JSON.parse(readFileSync(file, 'utf8')).devices).toHaveLength(1);
    writeFileSync(file, '{"format":1');
    expect(states(await open())).toEqual([['cpu:0', undefined]]);
  });
});
