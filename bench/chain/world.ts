import { createHash } from 'node:crypto';
import { addressOfKey, dagCborCid, type PrivateKey } from '#codec';
import type { CidString, Epoch, SectorNumber, SectorState } from '#core';

/*
 * A chain that is made up, from numbers alone: the database is filled from it and the nodes answer by it, each in its
 * own process, so that they agree. 10,000 sectors of four miners in the states in which they wait for the chain.
 */

export const HEAD: Epoch = 100_000;
export const CHALLENGE_DELAY: Epoch = 150;
/** Members of one message. */
export const BATCH = 32;
/** What the seeds' confidence is in the database (the default). */
const SEED_CONFIDENCE: Epoch = 6;
export const MINERS = [1000, 1001, 1002, 1003] as const;
/** Of this one something is due: one batch of each kind, one landed and one final message, one group of seeds. */
export const BUSY = MINERS[0];

export type WaitingState = Extract<
  SectorState,
  'PreCommitBatching' | 'PreCommitWait' | 'WaitSeed' | 'CommitBatching' | 'CommitWait'
>;

/** Sectors of each state, in the order of their numbers. Batching miners have less than a batch; the busy one has one. */
const IDLE: readonly (readonly [WaitingState, number])[] = [
  ['PreCommitBatching', 250],
  ['PreCommitWait', 512],
  ['WaitSeed', 1_200],
  ['CommitBatching', 26],
  ['CommitWait', 512],
];
const BUSY_COUNTS: typeof IDLE = [
  ['PreCommitBatching', BATCH],
  ['PreCommitWait', 512],
  ['WaitSeed', 1_412],
  ['CommitBatching', BATCH],
  ['CommitWait', 512],
];

export interface Place {
  readonly state: WaitingState;
  /** Which message of its state it belongs to, from 0. */
  readonly group: number;
}

export function countsOf(miner: number): typeof IDLE {
  return miner === BUSY ? BUSY_COUNTS : IDLE;
}

/** Where sector `number` of a miner stands; undefined beyond its last. */
export function placeOf(miner: number, number: SectorNumber): Place | undefined {
  let from = 0;
  for (const [state, count] of countsOf(miner)) {
    if (number < from + count) return { state, group: Math.floor((number - from) / BATCH) };
    from += count;
  }
  return undefined;
}

/** When the chain has its pre-commit; undefined: it has none. Only of the busy miner's first groups anything is due. */
export function precommitEpochOf(miner: number, { state, group }: Place): Epoch | undefined {
  const isDue = miner === BUSY && group === 0;
  switch (state) {
    case 'PreCommitBatching':
      return undefined;
    case 'PreCommitWait':
      return isDue ? HEAD - 6 : undefined;
    case 'WaitSeed':
      return isDue
        ? HEAD - CHALLENGE_DELAY - SEED_CONFIDENCE
        : HEAD - CHALLENGE_DELAY + ((group * 3) % CHALLENGE_DELAY);
    case 'CommitBatching':
      return HEAD - 400 - group;
    case 'CommitWait':
      return HEAD - 500 - group;
  }
}

/** When it was proven: the busy miner's first group of prove-commits lies deep enough. */
export function activationOf(miner: number, { state, group }: Place): Epoch | undefined {
  return miner === BUSY && state === 'CommitWait' && group === 0 ? HEAD - 31 : undefined;
}

/** A deposit's pre-commit stays until the sector is proven. */
export function hasPreCommit(miner: number, place: Place): boolean {
  return precommitEpochOf(miner, place) !== undefined && activationOf(miner, place) === undefined;
}

function digest(text: string): Uint8Array {
  const bytes = createHash('sha256').update(text).digest();
  bytes[31] = (bytes[31] ?? 0) & 0x3f;
  return new Uint8Array(bytes);
}

export const commROf = (miner: number, number: SectorNumber) => digest(`CommR ${miner} ${number}`);
export const ticketOf = (miner: number, epoch: Epoch) => digest(`ticket ${miner} ${epoch}`);
export const seedOf = (miner: number, epoch: Epoch) => digest(`seed ${miner} ${epoch}`);
export const TICKET_EPOCH: Epoch = HEAD - 900 - 240;

export function tipsetAt(height: Epoch): CidString {
  return dagCborCid(new TextEncoder().encode(`tipset ${height}`));
}

/** Signs and pays for everything; each node has it. */
export const KEY: PrivateKey = { type: 'secp256k1', bytes: digest('key') };
export const SENDER = addressOfKey(KEY, 't');
export const FIRST_NONCE = 500;
