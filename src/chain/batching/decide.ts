import type { Bytes, Epoch, SectorNumber } from '#core';
import { type BatchRoom, fitsMessage } from './message-size.ts';

/** A sector that waits for a batch. */
export interface BatchMember {
  readonly number: SectorNumber;
  readonly sealProof: number;
  /** How long it has waited, in ms, by the database's clock. */
  readonly waitedMs: number;
  /** The last epoch at which a message with it may be included. */
  readonly lastEpoch: Epoch;
  /** What it adds to the message's parameters. */
  readonly bytes: Bytes;
  /** Messages with it that were refused: it goes at once, in ever smaller company. See {@link companyAfter}. */
  readonly refusals: number;
  /** The most that may go in one message with it; no limit but the rules' when none was refused. */
  readonly company?: number;
  /** It waited already when the operator said `batch send now`. */
  readonly ordered?: boolean;
}

/**
 * What the base fee says: `low` sends whoever waits at once, `high` holds all that is not pressed by a deadline or
 * ordered by the operator. Undefined: it is not looked at.
 */
export type BaseFeeWord = 'low' | 'high' | undefined;

export interface BatchRules {
  readonly min: number;
  readonly max: number;
  /** The longest a sector waits for company, in ms. */
  readonly waitMs: number;
  /** A batch leaves at the latest so many epochs before the first of its members is too late. */
  readonly slack: Epoch;
  readonly room: BatchRoom;
  readonly baseFee?: BaseFeeWord;
}

export type BatchReason = 'slack' | 'ordered' | 'refused' | 'full' | 'base-fee' | 'waited';

export interface Batch {
  readonly members: readonly SectorNumber[];
  readonly reason: BatchReason;
}

/** Sectors that stay together, and what they wait for. */
export interface WaitingGroup {
  readonly sealProof: number;
  readonly refusals: number;
  readonly members: number;
  /** How long the first has waited, in ms. */
  readonly longestMs: number;
  /** The epoch at which it leaves at the latest, whatever else: the first member's last, less the slack. */
  readonly latestEpoch: Epoch;
  /** `wait`: company until its time is over; `company`: the least number; `base-fee`: a lower base fee. */
  readonly for: 'wait' | 'company' | 'base-fee';
  /** Ms until its wait is over; only where it is that what it waits for. */
  readonly leavesInMs?: number;
}

export interface BatchDecision {
  readonly batches: readonly Batch[];
  readonly waiting: readonly WaitingGroup[];
  /** Ms until the first of those that stay would have waited enough; undefined: no time is known. */
  readonly nextMs: number | undefined;
}

/**
 * What leaves now. Members are taken by the nearness of their last epoch, those that the operator has ordered first;
 * seal proof types never mix, since one message with two of them fails as a whole. Pure: batches are only rows, so
 * they survive restarts.
 */
export function decideBatches(
  members: readonly BatchMember[],
  rules: BatchRules,
  head: Epoch,
): BatchDecision {
  const batches: Batch[] = [];
  const waiting: WaitingGroup[] = [];
  for (const group of groupsOf(members)) {
    const sorted = group.toSorted(
      (a, b) =>
        Number(b.ordered ?? false) - Number(a.ordered ?? false) ||
        a.lastEpoch - b.lastEpoch ||
        a.number - b.number,
    );
    let start = 0;
    // Who is ordered stands first, whose time is nearest need not: both are asked of all that are left.
    const rest = suffixesOf(sorted);
    while (start < sorted.length) {
      const taken = fill(sorted, start, rules);
      const reason = leaveReason(taken, sorted.length - start, rest(start), rules, head);
      if (!reason) {
        waiting.push(groupThatStays(sorted, start, rest(start), rules));
        break;
      }
      batches.push({ members: taken.map((member) => member.number), reason });
      start += taken.length;
    }
  }
  const times = waiting.flatMap(({ leavesInMs }) => leavesInMs ?? []);
  return { batches, waiting, nextMs: times.length > 0 ? Math.min(...times) : undefined };
}

/** What holds for a member and all after it. */
interface Rest {
  readonly longestMs: number;
  readonly earliest: Epoch;
}

/** The longest wait and the earliest limit from each place on, in one sweep: a group may have ten thousand. */
function suffixesOf(sorted: readonly BatchMember[]): (start: number) => Rest {
  const rests: Rest[] = [];
  let rest: Rest = { longestMs: 0, earliest: Number.POSITIVE_INFINITY };
  for (const member of sorted.toReversed()) {
    rest = {
      longestMs: Math.max(rest.longestMs, member.waitedMs),
      earliest: Math.min(rest.earliest, member.lastEpoch),
    };
    rests.push(rest);
  }
  return (start) => rests[sorted.length - 1 - start] ?? rest;
}

function leaveReason(
  taken: readonly BatchMember[],
  left: number,
  rest: Rest,
  rules: BatchRules,
  head: Epoch,
): BatchReason | undefined {
  if (taken.some((member) => head + rules.slack >= member.lastEpoch)) return 'slack';
  if (taken.some((member) => member.ordered)) return 'ordered';
  if (rules.baseFee === 'high') return undefined;
  if (taken.some((member) => member.refusals > 0)) return 'refused';
  if (taken.length === rules.max || taken.length < left) return 'full';
  if (left < rules.min) return undefined;
  if (rules.baseFee === 'low') return 'base-fee';
  return rest.longestMs >= rules.waitMs ? 'waited' : undefined;
}

function groupThatStays(
  sorted: readonly BatchMember[],
  start: number,
  rest: Rest,
  rules: BatchRules,
): WaitingGroup {
  const first = sorted[start];
  const group = {
    sealProof: first?.sealProof ?? 0,
    refusals: first?.refusals ?? 0,
    members: sorted.length - start,
    longestMs: rest.longestMs,
    latestEpoch: rest.earliest - rules.slack,
  };
  if (rules.baseFee === 'high') return { ...group, for: 'base-fee' };
  if (group.members < rules.min && rest.longestMs >= rules.waitMs) return { ...group, for: 'company' };
  return { ...group, for: 'wait', leavesInMs: Math.max(0, rules.waitMs - rest.longestMs) };
}

/** As many as the message holds; always one, for a member that is too large alone is told by the estimate. */
function fill(sorted: readonly BatchMember[], start: number, rules: BatchRules): BatchMember[] {
  const taken: BatchMember[] = [];
  let bytes = 0;
  for (let index = start; index < sorted.length; index += 1) {
    const member = sorted[index];
    if (!member) break;
    bytes += member.bytes;
    const max = Math.min(rules.max, member.company ?? rules.max);
    if (taken.length > 0 && (taken.length >= max || !fitsMessage(rules.room, taken.length + 1, bytes))) break;
    taken.push(member);
  }
  return taken;
}

/** Who may go together: one seal proof type, and refused equally often, so that no fresh one is drawn into it. */
function groupsOf(members: readonly BatchMember[]): BatchMember[][] {
  const key = ({ sealProof, refusals }: BatchMember) => `${sealProof}/${refusals}`;
  return [...Map.groupBy(members, key).values()];
}

/**
 * How many may share a message after `refusals` of it: a quarter each time, so that one bad member of hundreds is
 * found in a few messages and not by one for each; alone when its last try has come.
 */
export function companyAfter(refusals: number, tries: number, max: number): number {
  return refusals >= tries ? 1 : Math.max(1, Math.floor(max / 4 ** refusals));
}
