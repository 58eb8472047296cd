import type { FleetHost } from './fleet-host.ts';

const NAMES = new Intl.Collator('en', { numeric: true });

/** What needs somebody comes first: hosts that are away, then those with a device out of service; else by name. */
export function troubleFirst(hosts: readonly FleetHost[]): FleetHost[] {
  return hosts.toSorted((a, b) => trouble(b) - trouble(a) || NAMES.compare(a.worker, b.worker));
}

function trouble(host: FleetHost): number {
  if (host.away) return 2;
  return host.report?.devices.some((device) => device.outOfService !== undefined) ? 1 : 0;
}
