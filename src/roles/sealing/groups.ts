import type { ActorId, Epoch, SectorId } from '#core';

/*
 * What one question to the chain answers for many sectors. PreCommitSectorBatch2 is all or nothing, so that the members
 * of one message stand or fall together; randomness depends on miner and epoch alone.
 */

/** Items by key, in the order in which the keys come first. */
export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

interface OnPreCommit extends SectorId {
  readonly precommit_message: number | null;
  readonly precommit_epoch: Epoch | null;
}

/** Sectors that one message pre-committed at one epoch. One whose message is not known speaks for itself alone. */
export function byPreCommit<T extends OnPreCommit>(sectors: Iterable<T>): T[][] {
  const key = ({ miner, number, precommit_message: message, precommit_epoch: epoch }: T) =>
    message === null ? `${miner} alone ${number}` : `${miner} ${message} ${epoch}`;
  return [...groupBy(sectors, key).values()];
}

interface OnCommit extends SectorId {
  readonly commit_message: number | null;
}

/** Proven sectors by the message that proved them: the chain is asked for all of one message at once. */
export function byCommit<T extends OnCommit>(sectors: Iterable<T>): T[][] {
  return [...groupBy(sectors, ({ miner, commit_message: message }) => `${miner} ${message}`).values()];
}

interface OnMessage extends SectorId {
  readonly message_id: number;
}

/** Sectors that wait for one message. */
export function byMessage<T extends OnMessage>(sectors: Iterable<T>): T[][] {
  return [...groupBy(sectors, ({ miner, message_id: message }) => `${miner} ${message}`).values()];
}

/** What randomness is asked for: one answer for all sectors of the miner. */
export function randomnessKey(miner: ActorId, epoch: Epoch): string {
  return `${miner} ${epoch}`;
}
