import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { SettingName } from '#config';
import { readJson } from '#sealer';
import { waitFor } from '#testing';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';
import { WORKER, type WorkerBench } from '../support/worker-bench.ts';

type DeviceSetting = Extract<
  SettingName,
  `worker.device${string}` | 'worker.post_slots' | 'worker.sealer_max_memory'
>;

const HERE = `worker:${WORKER}`;
const devices = async (bench: WorkerBench) => (await bench.agent.view()).devices;

/** A PC2 in the worker's queue that it may take, as far as limits go; it ends at once, for there are no files. */
async function offerPc2(bench: WorkerBench) {
  const facts = { ticket: '11'.repeat(32), ticket_epoch: 4_000, comm_d: '22'.repeat(32) };
  const id = await bench.sectorWithRun('precommit2', facts);
  await bench.given('worker.limit.precommit2', '1', HERE);
  return { taken: async () => ((await bench.runs(id))[0]?.claim ?? 0) > 0 };
}

/** A PC2 that has come to its end: it finds no files, which is not its device's fault. */
async function endPc2(bench: WorkerBench) {
  const facts = { ticket: '11'.repeat(32), ticket_epoch: 4_000, comm_d: '22'.repeat(32) };
  const id = await bench.sectorWithRun('precommit2', facts);
  await bench.given('worker.limit.precommit2', '1', HERE);
  await waitFor(async () => (await bench.runs(id))[0]?.status === 'failed', { deadlineMs: 20_000 });
}

/** The pid of the sealer that stays with the device. */
async function residentOf(bench: WorkerBench, device: string): Promise<number> {
  const folder = join(bench.fleet.folder, 'state', WORKER, 'sealers');
  for (const name of readdirSync(folder)) {
    const record = (await readJson(join(folder, name, 'sealer.json'))) as
      | { pid: number; seat?: { device: string } }
      | undefined;
    if (record?.seat?.device === device) return record.pid;
  }
  return 0;
}

/** Makes a device of the worker's hang under a job: how long is it left alone then, in ms? */
async function failOn(bench: WorkerBench, device: string): Promise<number> {
  await bench.given('worker.devices', `${device} cores=0`, HERE);
  await bench.given('phase.time_limit.precommit2', '1s', HERE);
  await endPc2(bench);
  process.kill(await waitFor(() => residentOf(bench, device)), 'SIGSTOP');
  await endPc2(bench);
  const reason = await waitFor(async () => (await devices(bench))[0]?.outOfService, IN_FORCE);
  const [, at = ''] = /due at (\S+)/.exec(reason) ?? [];
  return Date.parse(at) - Date.now();
}

/** With a device that is not there no PC2 is taken; the change lets it run. */
async function heldBack(bench: WorkerBench, why: RegExp, change: () => Promise<void>): Promise<void> {
  const pc2 = await offerPc2(bench);
  await waitFor(() => bench.agent.choice?.refusals.some((one) => why.test(one.reason)), IN_FORCE);
  await stays('waiting', async () => !(await pc2.taken()));
  await change();
  await waitFor(pc2.taken, IN_FORCE);
}

export const DEVICES: Observations<DeviceSetting, WorkerBench> = {
  'worker.devices': async (bench) => {
    await bench.given('worker.devices', 'cpu:0 cores=4000', HERE);
    await heldBack(bench, /core 4000 is not among/, () =>
      bench.change('worker.devices', 'cpu:0 cores=0', HERE),
    );
  },

  'worker.device_slots': async (bench) => {
    await bench.given('worker.devices', 'cpu:0 cores=0, cpu:1 cores=1 slots=3', HERE);
    const slots = async () => (await devices(bench)).map((device) => device.slots);
    expect(await slots()).toEqual([1, 3]);
    await bench.change('worker.device_slots', '2', HERE);
    await waitFor(async () => (await slots()).join() === '2,3', IN_FORCE);
  },

  'worker.post_slots': async (bench) => {
    await bench.given('worker.devices', 'cpu:0 cores=0', HERE);
    await bench.given('worker.post_slots', '1', HERE);
    await heldBack(bench, /busy or kept for PoSt/, () => bench.change('worker.post_slots', '0', HERE));
  },

  'worker.devices_out': async (bench) => {
    await bench.given('worker.devices', 'cpu:0 cores=0', HERE);
    await bench.given('worker.devices_out', 'cpu:0', HERE);
    await heldBack(bench, /the operator has taken it out/, () =>
      bench.change('worker.devices_out', '', HERE),
    );
  },

  /** The sooner of base and cap, at the first failure. */
  'worker.device_backoff': async (bench) => {
    expect(await failOn(bench, 'cpu:a')).toBeLessThanOrEqual(60_000);
    await bench.change('worker.device_backoff', '30m', HERE);
    expect(await failOn(bench, 'cpu:b')).toBeGreaterThan(1_700_000);
  },

  'worker.device_backoff_max': async (bench) => {
    await bench.given('worker.device_backoff', '1d', HERE);
    expect(await failOn(bench, 'cpu:c')).toBeLessThanOrEqual(3_600_000);
    await bench.change('worker.device_backoff_max', '3h', HERE);
    expect(await failOn(bench, 'cpu:d')).toBeGreaterThan(10_000_000);
  },

  /** The sealer of a device stays for the next job; with a bound below what it holds there is another one. */
  'worker.sealer_max_memory': async (bench) => {
    await bench.given('worker.devices', 'cpu:0 cores=0', HERE);
    await bench.given('worker.sealer_max_memory', '1GiB', HERE);
    await endPc2(bench);
    const first = await waitFor(() => residentOf(bench, 'cpu:0'));
    await endPc2(bench);
    expect(await residentOf(bench, 'cpu:0')).toBe(first);
    await bench.change('worker.sealer_max_memory', '1KiB', HERE);
    await waitFor(async () => {
      await endPc2(bench);
      return (await residentOf(bench, 'cpu:0')) !== first;
    }, IN_FORCE);
  },
};
