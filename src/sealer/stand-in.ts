import { createHash } from 'node:crypto';
import { BeeproError, sealProofById } from '#core';

/** Which program computes: the real one, or what only plays its part. */
export const SEALER_PROGRAMS = ['beepro-sealer', 'beepro-replay-sealer'] as const;

/** What a stand-in calls itself in its greeting, its capabilities and every result that comes of it. */
export type StandIn = 'replay';

/** Networks made for the replay sealer: `beepro-devnet-replay`, `beepro-devnet-replay-…`. */
const REPLAY_NETWORK = /^beepro-devnet-replay(-|$)/;

export function isReplayNetwork(network: string): boolean {
  return REPLAY_NETWORK.test(network);
}

/**
 * A stand-in works for networks alone that say in their name that nothing there is proven: no word of an operator
 * changes that.
 * @throws BeeproError `SEALER_STAND_IN_REFUSED`
 */
export function refuseStandIn(standIn: StandIn | undefined, network: string): void {
  if (standIn !== undefined && !isReplayNetwork(network)) {
    throw new BeeproError('SEALER_STAND_IN_REFUSED', { standIn, network });
  }
}

/**
 * How every stand-in proof begins. A Groth16 proof begins with a compressed curve point, whose highest bit is set; the
 * highest bit of `b` is not, so no verifier of Filecoin can so much as read it as a proof.
 */
export const STAND_IN_MARK = 'beepro-replay:not-a-proof:';

const GROTH16_BYTES = 192;
const MARK = Buffer.from(STAND_IN_MARK, 'latin1');

export function isStandInProof(proof: Uint8Array): boolean {
  return proof.length >= MARK.length && MARK.equals(proof.subarray(0, MARK.length));
}

/** What a stand-in proof is about. Commitments and randomness are 32 bytes in lower-case hex. */
export interface StandInClaim {
  readonly miner: number;
  readonly number: number;
  /** Registered seal proof. */
  readonly proofType: number;
  readonly commR: string;
  readonly commD: string;
  readonly ticket: string;
  readonly seed: string;
}

/**
 * What a stand-in gives in the place of a proof: the mark, in words, and a digest of what it is about, so that a chain
 * that takes it can still tell a sector's from another's; as long as the real one would be.
 */
export function standInProof(claim: StandInClaim): Uint8Array {
  const { miner, number, proofType, commR, commD, ticket, seed } = claim;
  const digest = createHash('sha256')
    .update([miner, number, proofType, commR, commD, ticket, seed].join(' '))
    .digest('hex');
  const partitions = (sealProofById(proofType)?.bytes ?? 0) >= 32 * 2 ** 30 ? 10 : 1;
  const text = `${STAND_IN_MARK}${digest}`.padEnd(GROTH16_BYTES, '.');
  return Buffer.from(text.repeat(partitions), 'latin1');
}
