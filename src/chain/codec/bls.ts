import { randomBytes } from 'node:crypto';
import { bls12_381 } from '@noble/curves/bls12-381.js';
import { equalBytes } from './bytes.ts';

/**
 * BLS12-381 with public keys in G1 (48 bytes) and signatures in G2 (96 bytes), the basic ("NUL") scheme.
 * Private keys are little-endian, as Lotus stores and exports them. Source: Lotus `lib/sigs/bls`.
 */
const DST = 'BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_NUL_';
const scheme = bls12_381.longSignatures;

const bigEndian = (littleEndian: Uint8Array): Uint8Array => littleEndian.slice().reverse();

export function isBlsPrivateKey(key: Uint8Array): boolean {
  if (key.length !== 32) return false;
  const scalar = BigInt(`0x${Buffer.from(bigEndian(key)).toString('hex')}`);
  return scalar > 0n && scalar < bls12_381.fields.Fr.ORDER;
}

/** A private key, 32 bytes little-endian. */
export function generateBls(): Uint8Array {
  return bls12_381.utils.randomSecretKey(randomBytes(48)).slice().reverse();
}

export function blsPublicKey(privateKey: Uint8Array): Uint8Array {
  return scheme.getPublicKey(bigEndian(privateKey)).toBytes();
}

export function blsSign(privateKey: Uint8Array, data: Uint8Array): Uint8Array {
  return scheme.sign(scheme.hash(data, DST), bigEndian(privateKey)).toBytes();
}

export function blsVerify(signature: Uint8Array, publicKey: Uint8Array, data: Uint8Array): boolean {
  try {
    return scheme.verify(signature, scheme.hash(data, DST), publicKey);
  } catch {
    // Bytes that are no curve point, which no signer produces.
    return false;
  }
}

/** The point at infinity: the aggregate of no signatures. */
const EMPTY_AGGREGATE = Uint8Array.from({ length: 96 }, (_, index) => (index === 0 ? 0xc0 : 0));

/** One signature for many, as a block carries it for its BLS messages. */
export function blsAggregate(signatures: readonly Uint8Array[]): Uint8Array {
  if (signatures.length === 0) return EMPTY_AGGREGATE.slice();
  return scheme.aggregateSignatures(signatures.map((bytes) => scheme.Signature.fromBytes(bytes))).toBytes();
}

/** Whether the aggregate is of one signature by each key over its data. */
export function blsVerifyAggregate(
  aggregate: Uint8Array,
  items: readonly { readonly publicKey: Uint8Array; readonly data: Uint8Array }[],
): boolean {
  if (items.length === 0) return equalBytes(aggregate, EMPTY_AGGREGATE);
  try {
    return scheme.verifyBatch(
      aggregate,
      items.map(({ publicKey, data }) => ({ publicKey, message: scheme.hash(data, DST) })),
    );
  } catch {
    // Bytes that are no curve point, which no signer produces.
    return false;
  }
}
