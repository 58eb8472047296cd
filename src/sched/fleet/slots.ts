import { PHASE_NAMES, PHASES, type Phase } from '#core';
import type { HostReport } from '../host-report.ts';
import type { DeviceView, SlotUse } from '../host-view.ts';
import type { FleetHost } from './fleet-host.ts';

/** One slot of a device: what holds it, or why it is idle. */
export interface SlotView {
  readonly device: string;
  readonly use?: SlotUse;
  readonly idle?: string;
}

const DEVICE_PHASES = PHASE_NAMES.filter((phase) => PHASES[phase].device);

/** Every slot of a host, device by device: those that are held first. */
export function slotsOf(host: FleetHost): SlotView[] {
  const { report } = host;
  if (!report) return [];
  return report.devices.flatMap((device) => slotsOfDevice(device, host, report));
}

function slotsOfDevice(device: DeviceView, host: FleetHost, report: HostReport): SlotView[] {
  const held = device.held.map((use): SlotView => ({ device: device.id, use }));
  const idle = Math.max(0, device.slots - held.length);
  const post = device.held.filter((use) => use === 'window-post' || use === 'winning-post').length;
  const kept = Math.min(idle, Math.max(0, device.reservedForPost - post));
  const why = device.outOfService ?? whyIdle(host, report);
  const one = (reason: string): SlotView => ({ device: device.id, idle: reason });
  return [
    ...held,
    ...Array.from({ length: idle - kept }, () => one(why)),
    ...Array.from({ length: kept }, () => one(device.outOfService ?? 'kept for PoSt')),
  ];
}

/** Why no phase that needs a slot takes a free one. */
function whyIdle(host: FleetHost, report: HostReport): string {
  if (host.away) return 'the worker is away';
  const takes = DEVICE_PHASES.filter((phase) => report.takes.includes(phase));
  const waits = takes.filter((phase) => (host.waiting[phase] ?? 0) > 0);
  if (waits.length > 0) return `it is about to take ${labels(waits)}`;
  const refused = report.refusals.filter(({ phase }) => DEVICE_PHASES.includes(phase));
  const others = refused.map(({ phase, reason }) => `${PHASES[phase].label}: ${reason}`);
  return (
    [...(takes.length > 0 ? [`no ${labels(takes)} waits`] : []), ...others].join('; ') || 'nothing waits'
  );
}

function labels(phases: readonly Phase[]): string {
  return phases.map((phase) => PHASES[phase].label).join(' or ');
}
