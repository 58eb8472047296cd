import { type Bytes, sealProofById } from '#core';

/** Bytes of one Groth16 proof; a sector's has one for each of its partitions, ten from 32 GiB on. */
const GROTH16_BYTES = 192;

/**
 * Gas of network version 28 by a model, for comparing and for people: what is sent is estimated by a node. Prices are
 * the FVM's (`gas/price_list.rs`: message, storage, proofs); what a method takes beside them, which depends on the
 * shape of the miner's state, is fitted to recorded executions of one sector each.
 */
const MESSAGE = 38_863 + 475_000;
const PER_BYTE = 1_300;
const OVERHEAD_BYTES = 36;
const PRECOMMIT = { base: 9_300_000, each: 1_750_000 };
const COMMIT = { base: 31_000_000, each: 16_600_000 };
const VERIFY_SEAL = 42_000_000;

/** Of an aggregate, by the number of proofs in it: the first step that it reaches, and a share for each. */
const AGGREGATE_STEPS: readonly (readonly [from: number, gas: number])[] = [
  [4, 103_994_170],
  [7, 112_356_810],
  [13, 122_912_610],
  [26, 137_559_930],
  [52, 162_039_100],
  [103, 210_960_780],
  [205, 318_351_180],
  [410, 528_274_980],
];
const AGGREGATE_EACH = 449_900;

/** A tip that is enough while blocks are not full, in attoFIL a unit. Source: Lotus `MinGasPremium`. */
export const USUAL_PREMIUM = 100_000n;

/** Gas of a pre-commit of `count` sectors in a message of so many bytes. */
export function preCommitGas(count: number, bytes: Bytes): bigint {
  return gas(bytes, PRECOMMIT.base + PRECOMMIT.each * count);
}

/** Gas of a prove-commit with a proof for each sector. */
export function proveCommitGas(count: number, bytes: Bytes): bigint {
  return gas(bytes, COMMIT.base + (COMMIT.each + VERIFY_SEAL) * count);
}

/** Gas of a prove-commit with one proof for all. */
export function aggregateGas(count: number, bytes: Bytes): bigint {
  const step = AGGREGATE_STEPS.findLast(([from]) => from <= count) ?? AGGREGATE_STEPS[0];
  return gas(bytes, COMMIT.base + COMMIT.each * count + (step?.[1] ?? 0) + AGGREGATE_EACH * count);
}

function gas(bytes: Bytes, method: number): bigint {
  return BigInt(MESSAGE + PER_BYTE * (OVERHEAD_BYTES + bytes) + method);
}

/** Groth16 proofs in one sector's proof. */
export function partitionsOf(sealProof: number): number {
  return (sealProofById(sealProof)?.bytes ?? 0) >= 32 * 2 ** 30 ? 10 : 1;
}

/** Bytes of one sector's proof. */
export function sealProofBytes(sealProof: number): Bytes {
  return partitionsOf(sealProof) * GROTH16_BYTES;
}

/**
 * Bytes of an aggregate: it grows with the doublings of the number of Groth16 proofs, filled up to a power of two.
 * Source: measured on the proofs library for 2 to 512 proofs (SnarkPack v2).
 */
export function aggregateProofBytes(sealProof: number, count: number): Bytes {
  const proofs = Math.max(2, count * partitionsOf(sealProof));
  return 2_260 + 2_976 * Math.ceil(Math.log2(proofs));
}
