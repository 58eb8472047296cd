import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concatBytes, equalBytes } from './bytes.ts';
import { blake2b160, blake2b256 } from './hash.ts';

/**
 * Signatures over blake2b-256 of the data, 65 bytes: R, S (low), recovery number 0–3.
 * Source: Lotus `lib/sigs/secp`.
 */

/** The uncompressed public key, 65 bytes. */
export function secp256k1PublicKey(privateKey: Uint8Array): Uint8Array {
  return secp256k1.getPublicKey(privateKey, false);
}

export function isSecp256k1PrivateKey(key: Uint8Array): boolean {
  return secp256k1.utils.isValidSecretKey(key);
}

export function generateSecp256k1(): Uint8Array {
  return secp256k1.utils.randomSecretKey();
}

export function secp256k1Sign(privateKey: Uint8Array, data: Uint8Array): Uint8Array {
  const recovered = secp256k1.sign(blake2b256(data), privateKey, {
    prehash: false,
    lowS: true,
    format: 'recovered',
  });
  return concatBytes(recovered.subarray(1), recovered.subarray(0, 1));
}

/** The uncompressed public key that made the signature, or undefined when there is none. */
export function secp256k1Recover(signature: Uint8Array, data: Uint8Array): Uint8Array | undefined {
  if (signature.length !== 65) return undefined;
  const recovered = concatBytes(signature.subarray(64), signature.subarray(0, 64));
  try {
    const compressed = secp256k1.recoverPublicKey(recovered, blake2b256(data), { prehash: false });
    return secp256k1.Point.fromBytes(compressed).toBytes(false);
  } catch {
    // Numbers that are no curve point: the library throws, and no key has made such a signature.
    return undefined;
  }
}

/** `addressPayload`: the 20-byte payload of a t1 address. */
export function secp256k1Verify(
  signature: Uint8Array,
  addressPayload: Uint8Array,
  data: Uint8Array,
): boolean {
  const publicKey = secp256k1Recover(signature, data);
  return publicKey !== undefined && equalBytes(blake2b160(publicKey), addressPayload);
}
