import { BeeproError } from '#core';
import { decodeRlePlus, encodeRlePlus } from './rle-plus.ts';

/** Numbers `start` to `end` − 1. */
export interface BitRange {
  readonly start: number;
  readonly end: number;
}

/**
 * An immutable set of numbers (sectors, partitions), kept as sorted ranges: two million allocated sector
 * numbers in one run cost as much as one.
 */
export class BitField implements Iterable<number> {
  static readonly empty = new BitField([]);
  readonly #ranges: readonly BitRange[];

  private constructor(ranges: readonly BitRange[]) {
    this.#ranges = ranges;
  }

  /** @throws BeeproError `BITFIELD_MALFORMED` for a negative or fractional number */
  static of(numbers: Iterable<number>): BitField {
    return BitField.ofRanges([...numbers].map((number) => ({ start: number, end: number + 1 })));
  }

  /** Ranges in any order; they may overlap. @throws BeeproError `BITFIELD_MALFORMED` */
  static ofRanges(ranges: Iterable<BitRange>): BitField {
    const sorted = [...ranges].filter((range) => range.end > range.start).sort((a, b) => a.start - b.start);
    const merged: { start: number; end: number }[] = [];
    for (const { start, end } of sorted) {
      if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0)
        throw new BeeproError('BITFIELD_MALFORMED', { detail: `${start} is not a number it can hold` });
      const last = merged.at(-1);
      if (last && start <= last.end) last.end = Math.max(last.end, end);
      else merged.push({ start, end });
    }
    return new BitField(merged);
  }

  /** From RLE+, as on chain. @throws BeeproError `BITFIELD_MALFORMED` */
  static fromBytes(bytes: Uint8Array): BitField {
    return BitField.#ofRunLengths(decodeRlePlus(bytes));
  }

  /**
   * From Lotus' JSON: lengths of alternating runs, the first unset (`[0,2]` is 0 and 1, `[2,1]` is 2).
   * @throws BeeproError `BITFIELD_MALFORMED`
   */
  static fromJson(lengths: readonly number[]): BitField {
    lengths.forEach((length, index) => {
      if (!Number.isSafeInteger(length) || length < 0 || (length === 0 && index > 0))
        throw new BeeproError('BITFIELD_MALFORMED', { detail: `${length} is no run length` });
    });
    return BitField.#ofRunLengths(lengths);
  }

  static #ofRunLengths(lengths: readonly number[]): BitField {
    const ranges: BitRange[] = [];
    let position = 0;
    lengths.forEach((length, index) => {
      if (index % 2 === 1) ranges.push({ start: position, end: position + length });
      position += length;
    });
    return BitField.ofRanges(ranges);
  }

  toBytes(): Uint8Array {
    return encodeRlePlus(this.#runLengths());
  }

  toJson(): number[] {
    return this.#ranges.length === 0 ? [0] : this.#runLengths();
  }

  #runLengths(): number[] {
    let position = 0;
    return this.#ranges.flatMap(({ start, end }) => {
      const lengths = [start - position, end - start];
      position = end;
      return lengths;
    });
  }

  get ranges(): readonly BitRange[] {
    return this.#ranges;
  }

  /** How many numbers it holds. */
  get size(): number {
    return this.#ranges.reduce((count, { start, end }) => count + end - start, 0);
  }

  /** The largest number it holds. */
  get last(): number | undefined {
    const range = this.#ranges.at(-1);
    return range && range.end - 1;
  }

  has(number: number): boolean {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const range = this.#ranges[middle];
      if (!range || number < range.start) high = middle;
      else if (number >= range.end) low = middle + 1;
      else return true;
    }
    return false;
  }

  /** The smallest number ≥ `from` that it does not hold: the next free sector number. */
  firstUnset(from = 0): number {
    let free = from;
    for (const { start, end } of this.#ranges) {
      if (free < start) break;
      if (free < end) free = end;
    }
    return free;
  }

  union(other: BitField): BitField {
    return BitField.ofRanges([...this.#ranges, ...other.#ranges]);
  }

  intersect(other: BitField): BitField {
    const common: BitRange[] = [];
    let index = 0;
    for (const mine of this.#ranges) {
      for (; ; index++) {
        const theirs = other.#ranges[index];
        if (!theirs || theirs.start >= mine.end) break;
        common.push({ start: Math.max(mine.start, theirs.start), end: Math.min(mine.end, theirs.end) });
        if (theirs.end > mine.end) break;
      }
    }
    return BitField.ofRanges(common);
  }

  /** What it holds and `other` does not. */
  subtract(other: BitField): BitField {
    const gaps: BitRange[] = [];
    let start = 0;
    for (const range of other.#ranges) {
      gaps.push({ start, end: range.start });
      start = range.end;
    }
    gaps.push({ start, end: Number.MAX_SAFE_INTEGER });
    return this.intersect(BitField.ofRanges(gaps));
  }

  equals(other: BitField): boolean {
    return (
      this.#ranges.length === other.#ranges.length &&
      this.#ranges.every((range, index) => {
        const theirs = other.#ranges[index];
        return theirs?.start === range.start && theirs.end === range.end;
      })
    );
  }

  *[Symbol.iterator](): Iterator<number> {
    for (const { start, end } of this.#ranges) for (let number = start; number < end; number++) yield number;
  }
}
