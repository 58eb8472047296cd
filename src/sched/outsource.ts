import { formatDuration } from '#core';
import type { DeviceView } from './host-view.ts';

export type OutsourceMode = 'off' | 'overflow' | 'always';

/** A host as the decision on C2 of other hosts' sectors sees it, by its last heartbeat. */
export interface C2Host {
  readonly worker: string;
  /** Heard of lately, and not removed. */
  readonly alive: boolean;
  /** What its operator wants done with its own C2. */
  readonly outsource: OutsourceMode;
  /** Takes C2 of other hosts' sectors. */
  readonly acceptsOutside: boolean;
  /** It would start a C2 at once. */
  readonly takesNow: boolean;
  /** How many C2 it can run at a time, as limits and devices stand; 0: it runs none. */
  readonly slots: number;
  /** How long each of its running C2 has been going, in ms. */
  readonly runningMs: readonly number[];
  /** How long its C2 takes, in ms; undefined: not known yet. */
  readonly meanMs?: number | undefined;
  /** Who can fetch C1's output from it: everybody, processes of the same machine, nobody. */
  readonly reach: 'network' | 'machine' | 'none';
  /** What tells machines apart: the boot id. */
  readonly machine: string;
}

/** A C2 that waits in its host's queue. */
export interface C2Waiting {
  readonly runId: number;
  /** The host whose queue it waits in. */
  readonly host: string;
  readonly offered: boolean;
  /** C1's output lies in storage that every host reads. */
  readonly shared: boolean;
}

export interface C2Fleet {
  readonly hosts: readonly C2Host[];
  /** In the order in which each host would take its own. */
  readonly waiting: readonly C2Waiting[];
  /** How much later a foreign host starts than it claims, in ms: C1's output is to be fetched. */
  readonly transferMs: number;
}

export interface OutsourceDecision {
  readonly runId: number;
  readonly offer: boolean;
  /** A sentence: why others may take it, or why not. */
  readonly reason: string;
}

/**
 * Which waiting C2 other hosts may claim as well. The own host may still take what is offered as long as nobody has:
 * an offer costs nothing, so an offered run stays offered until it may not be any more. What overflows is no more
 * than free foreign slots can start at once.
 */
export function decideOffers(fleet: C2Fleet): OutsourceDecision[] {
  const hosts = new Map(fleet.hosts.map((host) => [host.worker, host]));
  const takers = fleet.hosts.filter((host) => host.alive && host.acceptsOutside);
  let promised = fleet.waiting.filter((run) => run.offered).length;
  const ahead = new Map<string, number>();
  return fleet.waiting.map((run) => {
    const own = hosts.get(run.host);
    const answer = (offer: boolean, reason: string) => ({ runId: run.runId, offer, reason });
    const others = takers.filter((host) => host.worker !== run.host);
    const barred = barrier(run, own, others);
    if (barred !== undefined) return answer(false, barred);
    if (run.offered) return answer(true, 'it is offered already');
    const position = ahead.get(run.host) ?? 0;
    ahead.set(run.host, position + 1);
    const free = others.reduce((sum, host) => sum + freeNow(host), 0) - promised;
    const verdict = judge(own, position, free, fleet.transferMs);
    if (verdict.offer) {
      promised += 1;
      ahead.set(run.host, position);
    }
    return answer(verdict.offer, verdict.reason);
  });
}

function judge(
  own: C2Host | undefined,
  position: number,
  free: number,
  transferMs: number,
): { readonly offer: boolean; readonly reason: string } {
  if (!own?.alive) return { offer: true, reason: 'its own host is silent' };
  if (own.outsource === 'always') return { offer: true, reason: 'c2.outsource is always' };
  if (own.slots === 0) return { offer: true, reason: 'its own host runs no C2' };
  const startMs = ownStartMs(own, position);
  if (startMs <= transferMs) return { offer: false, reason: 'its own host starts it at once' };
  const when = Number.isFinite(startMs) ? `in about ${formatDuration(startMs)}` : 'later';
  if (free <= 0) {
    return { offer: false, reason: `its own host starts it ${when}, and no other host has a free C2 slot` };
  }
  return { offer: true, reason: `its own host would start it ${when}, another host now` };
}

/** Why nobody else may have the run, whatever is free; undefined: others may. */
function barrier(run: C2Waiting, own: C2Host | undefined, others: readonly C2Host[]): string | undefined {
  if (own?.outsource === 'off') return 'c2.outsource is off';
  if (run.shared) return undefined;
  if (!own?.alive) return 'C1’s output lies on its own host alone, which is silent';
  // A host that claims what it cannot fetch keeps it from others meanwhile.
  const far = others.find((other) => !canFetch(own, other));
  if (!far) return undefined;
  return own.reach === 'none'
    ? 'its own host serves C1’s output to nobody'
    : `its own host serves C1’s output to its own machine alone, and ${far.worker} is on another (BEEPRO_WORKER_LISTEN, or c2.share_dir)`;
}

function canFetch(own: C2Host, other: C2Host): boolean {
  return own.reach === 'network' || (own.reach === 'machine' && own.machine === other.machine);
}

/** C2 that a host would start at once. */
function freeNow(host: C2Host): number {
  return host.takesNow ? Math.max(1, host.slots - host.runningMs.length) : 0;
}

/** When a host would start the C2 that has `position` others before it, in ms from now; infinite when unknown. */
export function ownStartMs(host: C2Host, position: number): number {
  if (host.slots === 0) return Number.POSITIVE_INFINITY;
  if (position < freeNow(host)) return 0;
  const { meanMs } = host;
  if (meanMs === undefined) return Number.POSITIVE_INFINITY;
  // Each slot is free from the end of what runs on it, and takes the next in turn.
  const ends = host.runningMs.map((ageMs) => Math.max(0, meanMs - ageMs));
  while (ends.length < host.slots) ends.push(host.takesNow ? 0 : meanMs);
  for (let before = 0; before < position; before += 1) {
    ends.sort((a, b) => a - b);
    ends[0] = (ends[0] ?? 0) + meanMs;
  }
  return Math.min(...ends);
}

/** How many C2 a host can run at a time: its limit, and its devices where it has any. */
export function c2Slots(host: { readonly limit: number; readonly devices: readonly DeviceView[] }): number {
  if (host.devices.length === 0) return Math.max(0, host.limit);
  const slots = host.devices
    .filter((device) => device.outOfService === undefined)
    .reduce((sum, device) => sum + Math.max(0, device.slots - device.reservedForPost), 0);
  return Math.max(0, Math.min(host.limit, slots));
}
