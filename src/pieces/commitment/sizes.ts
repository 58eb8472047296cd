import type { Bytes } from '#core';

/** Fr32 puts 127 bytes of data into 128: four field elements of 254 bits each. Source: go-fil-commp-hashhash, Lotus `fr32`. */
export const PAYLOAD_UNIT: Bytes = 127;
export const PADDED_UNIT: Bytes = 128;

/** The padded power of two, at least 128, that a piece of `payload` bytes of data occupies. */
export function paddedSizeFor(payload: Bytes): Bytes {
  const units = Math.max(1, Math.ceil(payload / PAYLOAD_UNIT));
  let padded = PADDED_UNIT;
  while (padded < units * PADDED_UNIT) padded *= 2;
  return padded;
}

/** The bytes of data that fit `padded` bytes; also the data's offset at a padded offset. */
export function payloadOf(padded: Bytes): Bytes {
  return (padded / PADDED_UNIT) * PAYLOAD_UNIT;
}

export function isPieceSize(padded: Bytes): boolean {
  return Number.isSafeInteger(padded) && padded >= PADDED_UNIT && Number.isInteger(Math.log2(padded));
}
