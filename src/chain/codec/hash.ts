import { blake2b } from '@noble/hashes/blake2.js';

/** The chain's hash: message and block CIDs, secp256k1 digests, randomness. */
export function blake2b256(data: Uint8Array): Uint8Array {
  return blake2b(data, { dkLen: 32 });
}

/** Payload of secp256k1 and actor addresses. */
export function blake2b160(data: Uint8Array): Uint8Array {
  return blake2b(data, { dkLen: 20 });
}

/** Address checksums. */
export function blake2b32(data: Uint8Array): Uint8Array {
  return blake2b(data, { dkLen: 4 });
}
