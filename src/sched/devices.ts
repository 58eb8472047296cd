import { PHASES, type Phase } from '#core';
import type { DeviceView } from './host-view.ts';

/** Where a phase would run, or why nowhere. */
export type DevicePlace = { readonly device: string | undefined } | { readonly refused: string };

/**
 * The device whose slot a phase takes: of those with a free slot the one that is least busy, so that two jobs share
 * a device only when none is idle. Phases that need no device, and hosts that have none, take no slot.
 */
export function placeOnDevice(phase: Phase, devices: readonly DeviceView[]): DevicePlace {
  if (!PHASES[phase].device || devices.length === 0) return { device: undefined };
  const inService = devices.filter((device) => device.outOfService === undefined);
  if (inService.length === 0) {
    return {
      refused: `no device is in service: ${devices.map((one) => `${one.id}, ${one.outOfService}`).join('; ')}`,
    };
  }
  const free = inService.filter((device) => freeSlots(device) > 0);
  const [best] = free.toSorted((a, b) => a.held.length / a.slots - b.held.length / b.slots);
  if (best) return { device: best.id };
  const slots = inService.reduce((sum, device) => sum + device.slots, 0);
  const reserved = inService.some((device) => device.held.length < device.slots);
  return {
    refused: reserved
      ? `the ${slots} slots are busy or kept for PoSt`
      : `all ${slots} slots of ${inService.length} ${inService.length === 1 ? 'device' : 'devices'} are busy`,
  };
}

/** Slots that sealing may take now. PoSt that runs already uses what is kept for it first. */
export function freeSlots(device: DeviceView): number {
  const post = device.held.filter((use) => use === 'window-post' || use === 'winning-post').length;
  const kept = Math.max(0, device.reservedForPost - post);
  return Math.max(0, device.slots - device.held.length - kept);
}

/**
 * Keeps so many slots of a host for PoSt: on the devices in service, the roomiest first, so that sealing loses as few
 * whole devices as may be and a failed one does not take the reserve with it.
 */
export function keepForPost(devices: readonly DeviceView[], slots: number): readonly DeviceView[] {
  let left = slots;
  const kept = new Map<string, number>();
  const inService = devices.filter((device) => device.outOfService === undefined);
  for (const device of inService.toSorted((a, b) => b.slots - a.slots)) {
    const here = Math.min(left, device.slots);
    kept.set(device.id, here);
    left -= here;
  }
  return devices.map((device) => ({ ...device, reservedForPost: kept.get(device.id) ?? 0 }));
}
