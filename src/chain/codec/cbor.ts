import { decode, encode, Tagged } from 'cborg';
import { BeeproError } from '#core';

/** The subset of CBOR the chain uses: definite lengths, shortest integers, no maps, no floats, tag 42 for links. */
export type CborValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | Uint8Array
  | Tagged
  | readonly CborValue[];

/** IPLD link. Source: the dag-cbor specification. */
export const LINK_TAG = 42;

export function encodeCbor(value: CborValue): Uint8Array {
  return encode(value);
}

/**
 * Decodes one item that must fill the input.
 * @throws BeeproError `CBOR_MALFORMED`; deep nesting ends there too
 */
export function decodeCbor(bytes: Uint8Array, what: string): CborValue {
  try {
    return decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowInfinity: false,
      allowNaN: false,
      tags: Tagged.preserve(LINK_TAG),
    });
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BeeproError('CBOR_MALFORMED', { what, detail }, { cause });
  }
}

/** A link as it stands in CBOR: tag 42 over the CID's bytes behind a zero byte. */
export function linkToCbor(cidBytes: Uint8Array): Tagged {
  const value = new Uint8Array(cidBytes.length + 1);
  value.set(cidBytes, 1);
  return new Tagged(LINK_TAG, value);
}

/** The CID's bytes, or undefined when the value is no link. */
export function linkFromCbor(value: CborValue): Uint8Array | undefined {
  if (!(value instanceof Tagged) || value.tag !== LINK_TAG) return undefined;
  const bytes: unknown = value.value;
  return bytes instanceof Uint8Array && bytes[0] === 0 ? bytes.slice(1) : undefined;
}
