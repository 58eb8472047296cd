import { allowedCores, BeeproError, formatCoreSet } from '#core';

/**
 * A value of `worker.devices`: so many CPU devices, the cores shared out among them.
 * @throws BeeproError `INPUT_INVALID` when there are fewer cores than devices
 */
export function cpuDevices(count: number, cores: readonly number[] = allowedCores()): string {
  if (count > cores.length) {
    const detail = `this machine has ${cores.length} ${cores.length === 1 ? 'core' : 'cores'}`;
    throw new BeeproError('INPUT_INVALID', { what: `${count} devices`, detail });
  }
  const share = (index: number): number => Math.floor((index * cores.length) / count);
  return Array.from({ length: count }, (_, index) => {
    const own = cores.slice(share(index), share(index + 1));
    return `cpu:${index} cores=${formatCoreSet(own)}`;
  }).join(', ');
}

/** Settings of a worker whose PC2 and C2 run side by side on so many CPU devices. */
export function deviceSettings(count: number): readonly (readonly [string, string, string])[] {
  return [
    ['worker.devices', '*', cpuDevices(count)],
    ['worker.limit.precommit2', '*', String(count)],
    ['worker.limit.commit2', '*', String(count)],
  ];
}
