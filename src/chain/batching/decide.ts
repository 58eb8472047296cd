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
  /** A message with it was refused before: it goes alone, so that it cannot sink others again. */
  readonly alone: boolean;
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

export type BatchReason = 'full' | 'slack' | 'waited' | 'alone';

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
  for (const member of members) {
    if (member.alone) batches.push({ members: [member.number], reason: 'alone' });
  }
  const company = members.filter((member) => !member.alone);
  for (const group of bySealProof(company)) {
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
    if (taken.length > 0 && (taken.length === rules.max || bytes > rules.maxBytes)) break;
    taken.push(member);
  }
  return taken;
}

function longestWait(members: readonly BatchMember[]): number {
  return members.reduce((longest, member) => Math.max(longest, member.waitedMs), 0);
}

function bySealProof(members: readonly BatchMember[]): BatchMember[][] {
  const groups = new Map<number, BatchMember[]>();
  for (const member of members) {
    const group = groups.get(member.sealProof) ?? [];
    group.push(member);
    groups.set(member.sealProof, group);
  }
  return [...groups.values()];
}
