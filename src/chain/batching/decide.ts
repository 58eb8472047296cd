import type { Bytes, Epoch, SectorNumber } from '#core';

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
}

export interface BatchRules {
  readonly min: number;
  readonly max: number;
  /** The longest a sector waits for company, in ms. */
  readonly waitMs: number;
  /** A batch leaves at the latest so many epochs before the first of its members is too late. */
  readonly slack: Epoch;
  readonly maxBytes: Bytes;
}

export type BatchReason = 'full' | 'slack' | 'waited' | 'refused';

export interface Batch {
  readonly members: readonly SectorNumber[];
  readonly reason: BatchReason;
}

export interface BatchDecision {
  readonly batches: readonly Batch[];
  /** Ms until the first of those that stay would have waited enough; undefined: nobody stays. */
  readonly nextMs: number | undefined;
}

/**
 * What leaves now. Members are taken by the nearness of their last epoch; seal proof types never mix, since one
 * message with two of them fails as a whole. Pure: batches are only rows, so they survive restarts.
 */
export function decideBatches(
  members: readonly BatchMember[],
  rules: BatchRules,
  head: Epoch,
): BatchDecision {
  const batches: Batch[] = [];
  const waits: number[] = [];
  for (const group of groupsOf(members)) {
    let rest = group.toSorted((a, b) => a.lastEpoch - b.lastEpoch || a.number - b.number);
    while (rest.length > 0) {
      const taken = fill(rest, rules);
      const reason = leaveReason(taken, rest, rules, head);
      if (!reason) {
        waits.push(Math.max(0, rules.waitMs - longestWait(rest)));
        break;
      }
      batches.push({ members: taken.map((member) => member.number), reason });
      rest = rest.slice(taken.length);
    }
  }
  return { batches, nextMs: waits.length > 0 ? Math.min(...waits) : undefined };
}

function leaveReason(
  taken: readonly BatchMember[],
  rest: readonly BatchMember[],
  rules: BatchRules,
  head: Epoch,
): BatchReason | undefined {
  if (taken.some((member) => member.refusals > 0)) return 'refused';
  if (taken.length === rules.max || taken.length < rest.length) return 'full';
  if (taken.some((member) => head + rules.slack >= member.lastEpoch)) return 'slack';
  if (rest.length >= rules.min && longestWait(rest) >= rules.waitMs) return 'waited';
  return undefined;
}

/** As many as the message holds; always one, for a member that is too large alone is told by the estimate. */
function fill(rest: readonly BatchMember[], rules: BatchRules): BatchMember[] {
  const taken: BatchMember[] = [];
  let bytes = 0;
  for (const member of rest) {
    bytes += member.bytes;
    const max = Math.min(rules.max, member.company ?? rules.max);
    if (taken.length > 0 && (taken.length >= max || bytes > rules.maxBytes)) break;
    taken.push(member);
  }
  return taken;
}

function longestWait(members: readonly BatchMember[]): number {
  return members.reduce((longest, member) => Math.max(longest, member.waitedMs), 0);
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
