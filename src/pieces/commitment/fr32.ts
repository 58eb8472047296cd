import { PADDED_UNIT, PAYLOAD_UNIT } from './sizes.ts';

const ELEMENT = 32;
/** Bits of data in a field element; the two highest stay zero so that it is below the field's modulus. */
const ELEMENT_BITS = 254;

/** Expands whole units of 127 bytes into 128. `payload.length` is a multiple of 127. */
export function fr32Pad(payload: Uint8Array): Uint8Array {
  const units = payload.length / PAYLOAD_UNIT;
  const padded = new Uint8Array(units * PADDED_UNIT);
  for (let unit = 0; unit < units; unit++) {
    for (let element = 0; element < 4; element++) {
      const bit = element * ELEMENT_BITS;
      const from = unit * PAYLOAD_UNIT + (bit >> 3);
      const shift = bit & 7;
      const to = unit * PADDED_UNIT + element * ELEMENT;
      for (let i = 0; i < ELEMENT; i++) {
        const low = (payload[from + i] ?? 0) >> shift;
        const high = shift === 0 ? 0 : (payload[from + i + 1] ?? 0) << (8 - shift);
        padded[to + i] = low | high;
      }
      padded[to + ELEMENT - 1] = (padded[to + ELEMENT - 1] ?? 0) & 0x3f;
    }
  }
  return padded;
}

/** The inverse: whole units of 128 bytes into 127. */
export function fr32Unpad(padded: Uint8Array): Uint8Array {
  const units = padded.length / PADDED_UNIT;
  const payload = new Uint8Array(units * PAYLOAD_UNIT);
  let to = 0;
  for (let unit = 0; unit < units; unit++) {
    let bits = 0;
    let count = 0;
    for (let i = 0; i < PADDED_UNIT; i++) {
      const isLast = i % ELEMENT === ELEMENT - 1;
      bits |= ((padded[unit * PADDED_UNIT + i] ?? 0) & (isLast ? 0x3f : 0xff)) << count;
      count += isLast ? 6 : 8;
      if (count >= 8) {
        payload[to++] = bits & 0xff;
        bits >>= 8;
        count -= 8;
      }
    }
  }
  return payload;
}
