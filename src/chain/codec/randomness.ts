import type { ActorId, Epoch } from '#core';
import { addressToBytes, idAddress } from './address.ts';
import { concatBytes } from './bytes.ts';
import { encodeCbor } from './cbor.ts';
import { blake2b256 } from './hash.ts';

/** What randomness is drawn for. Source: go-state-types `crypto.DomainSeparationTag`. */
export const RANDOMNESS = {
  ticketProduction: 1,
  electionProof: 2,
  winningPoSt: 3,
  windowPoSt: 4,
  /** PC1's ticket; drawn from tickets. */
  seal: 5,
  /** C1's seed; drawn from the beacon. */
  interactiveSeal: 6,
  windowPoStDeadlineAssignment: 7,
  marketDealCron: 8,
  /** `ChainCommitRand` of a window PoSt; drawn from tickets, with empty entropy. */
  poStChainCommit: 9,
} as const;

export type RandomnessTag = (typeof RANDOMNESS)[keyof typeof RANDOMNESS];

/**
 * Randomness from the digest that `StateGetRandomnessDigestFrom…` gives (blake2b-256 of a ticket's VRF proof or
 * of a beacon entry's data). Source: Lotus `rand.DrawRandomnessFromDigest`.
 */
export function drawRandomness(
  digest: Uint8Array,
  tag: RandomnessTag,
  epoch: Epoch,
  entropy: Uint8Array,
): Uint8Array {
  return blake2b256(concatBytes(bigEndian64(tag), digest, bigEndian64(epoch), entropy));
}

/** As {@link drawRandomness}, from the VRF proof or beacon data itself. */
export function drawRandomnessFromBase(
  base: Uint8Array,
  tag: RandomnessTag,
  epoch: Epoch,
  entropy: Uint8Array,
): Uint8Array {
  return drawRandomness(blake2b256(base), tag, epoch, entropy);
}

/** The entropy of a miner's draws: the CBOR of its id address. */
export function minerEntropy(miner: ActorId): Uint8Array {
  return encodeCbor(addressToBytes(idAddress(miner, 't')));
}

function bigEndian64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return bytes;
}
