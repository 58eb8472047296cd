import { BeeproError } from '#core';

/**
 * RLE+ (version 0): two version bits, the first run's value, then run lengths, all least significant bit first.
 * A run of 1 is the bit 1; 2–15 is 01 and four bits; longer is 00 and a varint. Trailing zero bytes are cut.
 * Source: Filecoin specification "RLE+", go-bitfield `rle`.
 */

/** Longest encoding read, in bytes. Source: go-bitfield `MaxEncodedSize`. */
const MAX_ENCODED = 32 << 10;

/** Lengths of alternating runs that begin with an unset one (which may be 0). */
export type RunLengths = readonly number[];

export function encodeRlePlus(lengths: RunLengths): Uint8Array {
  const writer = new BitWriter();
  writer.put(0, 2);
  const runs = lengths.length % 2 === 0 ? lengths : lengths.slice(0, -1);
  const startsSet = runs[0] === 0;
  writer.put(startsSet ? 1 : 0, 1);
  for (const length of startsSet ? runs.slice(1) : runs) {
    if (length === 1) writer.put(1, 1);
    else if (length < 16) {
      writer.put(0b10, 2);
      writer.put(length, 4);
    } else {
      writer.put(0b00, 2);
      let rest = length;
      for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) writer.put((rest % 0x80) | 0x80, 8);
      writer.put(rest, 8);
    }
  }
  return writer.finish();
}

/** @throws BeeproError `BITFIELD_MALFORMED` */
export function decodeRlePlus(bytes: Uint8Array): RunLengths {
  if (bytes.length > MAX_ENCODED) throw malformed(`it has ${bytes.length} bytes, more than ${MAX_ENCODED}`);
  if (bytes.length > 0 && bytes[bytes.length - 1] === 0) throw malformed('it has trailing zero bytes');
  const reader = new BitReader(bytes);
  if (reader.take(2) !== 0) throw malformed('its version is unknown');
  const lengths: number[] = reader.take(1) === 1 ? [0] : [];
  let total = 0;
  for (;;) {
    const length = takeRun(reader);
    if (length === 0) break;
    total += length;
    if (!Number.isSafeInteger(total)) throw malformed('it reaches beyond 2^53');
    lengths.push(length);
  }
  return lengths.length % 2 === 0 ? lengths : lengths.slice(0, -1);
}

/** The next run's length; 0 at the end, where only zero bits follow. */
function takeRun(reader: BitReader): number {
  if (reader.take(1) === 1) return 1;
  if (reader.take(1) === 1) return reader.take(4);
  let length = 0;
  for (let shift = 0; shift < 10; shift++) {
    const byte = reader.take(8);
    length += (byte & 0x7f) * 2 ** (7 * shift);
    if (byte < 0x80) {
      if (byte === 0 && shift > 0) throw malformed('a run length is not minimal');
      return length;
    }
  }
  throw malformed('a run length is too long');
}

function malformed(detail: string): BeeproError {
  return new BeeproError('BITFIELD_MALFORMED', { detail });
}

class BitWriter {
  readonly #bytes: number[] = [];
  #used = 0;

  put(value: number, count: number): void {
    for (let bit = 0; bit < count; bit++) {
      if (this.#used % 8 === 0) this.#bytes.push(0);
      const last = this.#bytes.length - 1;
      if ((value >> bit) & 1) this.#bytes[last] = (this.#bytes[last] ?? 0) | (1 << (this.#used % 8));
      this.#used++;
    }
  }

  finish(): Uint8Array {
    let length = this.#bytes.length;
    while (length > 0 && this.#bytes[length - 1] === 0) length--;
    return Uint8Array.from(this.#bytes.slice(0, length));
  }
}

class BitReader {
  readonly #bytes: Uint8Array;
  #next = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bits beyond the end are zero. */
  take(count: number): number {
    let value = 0;
    for (let bit = 0; bit < count; bit++, this.#next++)
      value |= (((this.#bytes[this.#next >> 3] ?? 0) >> (this.#next & 7)) & 1) << bit;
    return value;
  }
}
