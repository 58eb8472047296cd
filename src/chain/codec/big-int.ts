import { BeeproError } from '#core';

/** Longest encoding the chain takes, in bytes. Source: go-state-types `big.BigIntMaxSerializedLen`. */
const MAX_LENGTH = 128;

/** Sign byte (0 or 1) and big-endian magnitude; zero is the empty string. Source: go-state-types `big`. */
export function bigIntToBytes(value: bigint): Uint8Array {
  if (value === 0n) return new Uint8Array();
  const magnitude = (value < 0n ? -value : value).toString(16);
  const hex = magnitude.length % 2 === 0 ? magnitude : `0${magnitude}`;
  const bytes = new Uint8Array(1 + hex.length / 2);
  bytes[0] = value < 0n ? 1 : 0;
  bytes.set(Buffer.from(hex, 'hex'), 1);
  if (bytes.length > MAX_LENGTH)
    throw new BeeproError('CBOR_UNENCODABLE', {
      what: 'a big integer',
      detail: `it needs ${bytes.length} bytes`,
    });
  return bytes;
}

/**
 * Undefined when malformed. Only the canonical form is accepted (no leading zeros, no signed zero), so that
 * encoding again gives the same bytes.
 */
export function bigIntFromBytes(bytes: Uint8Array): bigint | undefined {
  if (bytes.length === 0) return 0n;
  const sign = bytes[0];
  if (bytes.length > MAX_LENGTH || bytes.length < 2 || (sign !== 0 && sign !== 1) || bytes[1] === 0)
    return undefined;
  const magnitude = BigInt(`0x${Buffer.from(bytes.subarray(1)).toString('hex')}`);
  return sign === 1 ? -magnitude : magnitude;
}
