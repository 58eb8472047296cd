import { type AddressString, BeeproError } from '#core';
import { type AddressPrefix, blsAddress, secp256k1Address } from './address.ts';
import { blsPublicKey, blsSign, generateBls, isBlsPrivateKey } from './bls.ts';
import { fromBase64, fromHex, toBase64, toHex } from './bytes.ts';
import { generateSecp256k1, isSecp256k1PrivateKey, secp256k1PublicKey, secp256k1Sign } from './secp256k1.ts';
import type { Signature } from './signature.ts';

export type KeyType = 'secp256k1' | 'bls';

/** A private key as Lotus keeps it: 32 bytes, for BLS little-endian. Never log it. */
export interface PrivateKey {
  readonly type: KeyType;
  readonly bytes: Uint8Array;
}

export function generateKey(type: KeyType): PrivateKey {
  return { type, bytes: type === 'bls' ? generateBls() : generateSecp256k1() };
}

/** secp256k1: 65 bytes uncompressed; BLS: 48 bytes compressed. */
export function publicKeyOf(key: PrivateKey): Uint8Array {
  return key.type === 'bls' ? blsPublicKey(key.bytes) : secp256k1PublicKey(key.bytes);
}

export function addressOfKey(key: PrivateKey, prefix: AddressPrefix): AddressString {
  const publicKey = publicKeyOf(key);
  return key.type === 'bls' ? blsAddress(publicKey, prefix) : secp256k1Address(publicKey, prefix);
}

export function signWithKey(key: PrivateKey, data: Uint8Array): Signature {
  const sign = key.type === 'bls' ? blsSign : secp256k1Sign;
  return { type: key.type, data: sign(key.bytes, data) };
}

/** The text of `lotus wallet export`: hex of JSON `{"Type","PrivateKey"}` with the key in base64. */
export function exportKey(key: PrivateKey): string {
  const json = JSON.stringify({ Type: key.type, PrivateKey: toBase64(key.bytes) });
  return toHex(new TextEncoder().encode(json));
}

/**
 * Reads that text, or the bare JSON (`--format=json-lotus`).
 * @throws BeeproError `KEY_MALFORMED`, which never repeats the key
 */
export function importKey(text: string): PrivateKey {
  const trimmed = text.trim();
  const hex = fromHex(trimmed);
  const fail = (detail: string) => new BeeproError('KEY_MALFORMED', { what: 'exported key', detail });
  let data: unknown;
  try {
    data = JSON.parse(hex ? new TextDecoder().decode(hex) : trimmed);
  } catch {
    throw fail('it is neither hex nor JSON of a Lotus key');
  }
  const { Type: type, PrivateKey: encoded } = (data ?? {}) as { Type?: unknown; PrivateKey?: unknown };
  const bytes = typeof encoded === 'string' ? fromBase64(encoded) : undefined;
  if (type !== 'secp256k1' && type !== 'bls') throw fail('its type is neither secp256k1 nor bls');
  if (!bytes || !(type === 'bls' ? isBlsPrivateKey(bytes) : isSecp256k1PrivateKey(bytes)))
    throw fail('its private key is no scalar of the curve');
  return { type, bytes };
}
