import { PHASE_NAMES, type Phase } from '#core';
import type { HostReport } from '../host-report.ts';
import type { FleetHost } from './fleet-host.ts';

/** The hosts of one class together. */
export interface ClassSummary {
  readonly class: string;
  readonly hosts: number;
  readonly active: number;
  readonly draining: number;
  readonly away: number;
  readonly running: Readonly<Partial<Record<Phase, number>>>;
  readonly limits: Readonly<Partial<Record<Phase, number>>>;
  readonly sectors: number;
  readonly slots: number;
  readonly busySlots: number;
  readonly wants: number;
}

/** One row a class, the largest first. Of hosts that are away the sectors count, and nothing that they said. */
export function summariseClasses(hosts: readonly FleetHost[]): ClassSummary[] {
  return [...Map.groupBy(hosts, (host) => host.class)]
    .map(([name, group]) => summariseClass(name, group))
    .toSorted((a, b) => b.hosts - a.hosts || (a.class < b.class ? -1 : 1));
}

function summariseClass(name: string, group: readonly FleetHost[]): ClassSummary {
  const reports = group.flatMap((host) => (host.report && !host.away ? [host.report] : []));
  const devices = reports.flatMap((report) => report.devices);
  return {
    class: name,
    hosts: group.length,
    active: group.filter((host) => host.state === 'active' && !host.away).length,
    draining: group.filter((host) => host.state === 'draining').length,
    away: group.filter((host) => host.away).length,
    running: sumPhases(reports.map((report) => report.running)),
    limits: sumPhases(reports.map((report) => report.limits)),
    sectors: sum(group.map((host) => host.sectors)),
    slots: sum(devices.map((device) => device.slots)),
    busySlots: sum(devices.map((device) => device.held.length)),
    wants: sum(reports.map((report) => report.wants)),
  };
}

function sumPhases(given: readonly HostReport['running'][]): Partial<Record<Phase, number>> {
  const entries = PHASE_NAMES.map((phase) => [phase, sum(given.map((one) => one[phase] ?? 0))] as const);
  return Object.fromEntries(entries.filter(([, total]) => total > 0));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
