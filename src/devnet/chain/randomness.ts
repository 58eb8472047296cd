import { blake2b256, drawRandomness, type RandomnessTag } from '#codec';
import type { Epoch } from '#core';
import type { ChainSeed } from './chain-seed.ts';
import type { TipSet } from './tipset.ts';

/** How randomness looks up tipsets: on the chain that ends in a given one. */
export type TipSetLookup = (height: Epoch, nullRound: 'after' | 'before') => TipSet;

export interface RandomnessOptions {
  readonly seed: ChainSeed;
  /** Draw by purpose and entropy alone, so that one sector always has one ticket and one seed. */
  readonly constant: boolean;
}

export type RandomnessSource = 'tickets' | 'beacon';

/** The words in which Lotus says what failed, by source. */
const FAILURE = { tickets: 'getting chain randomness', beacon: 'getting beacon randomness' } as const;

/** @throws Error as Lotus words it, for an epoch after `head` */
export function randomnessDigest(
  options: RandomnessOptions,
  source: RandomnessSource,
  epoch: Epoch,
  head: Epoch,
  lookup: TipSetLookup,
): Uint8Array {
  if (epoch > head) throw new Error(`${FAILURE[source]}: cannot draw randomness from the future`);
  if (options.constant) return options.seed.digest(`constant ${source}`);
  const tipSet = lookup(Math.max(epoch, 0), 'after');
  if (source === 'tickets') return blake2b256(tipSet.header.ticket ?? new Uint8Array());
  // Before the first round, the newest entry of genesis stands for all.
  const entries = tipSet.header.beaconEntries;
  const entry = entries.find(({ round }) => round === epoch) ?? entries.at(-1);
  return blake2b256(entry?.data ?? new Uint8Array());
}

/** Source: Lotus `chain/rand/rand.go`. @throws Error as {@link randomnessDigest} */
export function drawChainRandomness(
  options: RandomnessOptions,
  source: RandomnessSource,
  tag: RandomnessTag,
  epoch: Epoch,
  entropy: Uint8Array,
  head: Epoch,
  lookup: TipSetLookup,
): Uint8Array {
  const digest = randomnessDigest(options, source, epoch, head, lookup);
  return drawRandomness(digest, tag, options.constant ? 0 : epoch, entropy);
}
