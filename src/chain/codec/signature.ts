import { type AddressString, BeeproError } from '#core';
import { parseAddress } from './address.ts';
import { blsVerify } from './bls.ts';
import { concatBytes } from './bytes.ts';
import type { Schema } from './schema.ts';
import { secp256k1Verify } from './secp256k1.ts';

export type SignatureType = 'secp256k1' | 'bls' | 'delegated';

/** Numbers on chain and in JSON. Source: go-state-types `crypto.SigType`. */
export const SIGNATURE_TYPE_NUMBER = { secp256k1: 1, bls: 2, delegated: 3 } as const;

export interface Signature {
  readonly type: SignatureType;
  /** secp256k1: 65 bytes R‖S‖V; BLS: 96 bytes, a compressed G2 point. */
  readonly data: Uint8Array;
}

/** Longest signature taken, in bytes. Source: go-state-types `SignatureMaxLength`. */
const MAX_LENGTH = 200;

export function signatureTypeOf(number: number): SignatureType | undefined {
  return number === 1 ? 'secp256k1' : number === 2 ? 'bls' : number === 3 ? 'delegated' : undefined;
}

/** Type byte, then data. */
export function signatureToBytes(signature: Signature): Uint8Array {
  return concatBytes(Uint8Array.of(SIGNATURE_TYPE_NUMBER[signature.type]), signature.data);
}

/** @throws BeeproError `CBOR_MALFORMED` */
export function signatureFromBytes(bytes: Uint8Array): Signature {
  const type = signatureTypeOf(bytes[0] ?? 0);
  if (!type || bytes.length > MAX_LENGTH)
    throw new BeeproError('CBOR_MALFORMED', {
      what: 'a signature',
      detail: `type ${bytes[0]}, ${bytes.length} bytes`,
    });
  return { type, data: bytes.slice(1) };
}

export const signatureSchema: Schema<Signature> = {
  toCbor: (value) => signatureToBytes(value),
  fromCbor(data, context) {
    if (!(data instanceof Uint8Array))
      throw new BeeproError('CBOR_MALFORMED', { what: context.path, detail: 'it is no byte string' });
    return signatureFromBytes(data);
  },
};

/** Whether `signature` over `data` was made by the key of `signer`, a t1 or t3 address. Never throws. */
export function verifySignature(signature: Signature, signer: AddressString, data: Uint8Array): boolean {
  const { protocol, payload } = parseAddress(signer);
  if (protocol === 1 && signature.type === 'secp256k1') return secp256k1Verify(signature.data, payload, data);
  if (protocol === 3 && signature.type === 'bls') return blsVerify(signature.data, payload, data);
  return false;
}
