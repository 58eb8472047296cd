import { hash } from 'node:crypto';
import type { Bytes } from '#core';

const NODE = 32;

/** sha256 with its two highest bits cleared (`sha2-256-trunc254-padded`), so that a node is a field element. */
export function hashPair(pair: Uint8Array): Uint8Array {
  const digest = hash('sha256', pair, 'buffer');
  digest[NODE - 1] = (digest[NODE - 1] ?? 0) & 0x3f;
  return digest;
}

/** The commitment to `padded` bytes of zeros: 32, 64 and so on. Powers of two only. */
export function zeroCommitment(padded: Bytes): Uint8Array {
  const level = Math.log2(padded / NODE);
  for (let known = ZEROS.length; known <= level; known++) {
    const below = ZEROS[known - 1] ?? new Uint8Array(NODE);
    ZEROS.push(hashPair(join(below, below)));
  }
  return ZEROS[level] ?? new Uint8Array(NODE);
}

const ZEROS: Uint8Array[] = [new Uint8Array(NODE)];

interface Subtree {
  readonly size: Bytes;
  readonly root: Uint8Array;
}

/**
 * A binary tree that grows from the left by whole subtrees, each a power of two at a multiple of its own size. Only
 * one root a level is kept, however much data goes through.
 */
export class MerkleBuilder {
  readonly #stack: Subtree[] = [];
  #size: Bytes = 0;

  get size(): Bytes {
    return this.#size;
  }

  /** Appends fr32-padded data, a multiple of 32 bytes. */
  pushLeaves(padded: Uint8Array): void {
    for (let offset = 0; offset < padded.length; offset += 2 * NODE) {
      const isPair = offset + 2 * NODE <= padded.length && this.#size % (2 * NODE) === 0;
      if (isPair) {
        this.push({ size: 2 * NODE, root: hashPair(padded.subarray(offset, offset + 2 * NODE)) });
      } else {
        for (let leaf = offset; leaf < Math.min(offset + 2 * NODE, padded.length); leaf += NODE) {
          this.push({ size: NODE, root: padded.slice(leaf, leaf + NODE) });
        }
      }
    }
  }

  /** Appends a subtree that is known by its root. */
  push(subtree: Subtree): void {
    if (this.#size % subtree.size !== 0) throw new RangeError('a subtree lies at a multiple of its own size');
    this.#size += subtree.size;
    let merged = subtree;
    for (let left = this.#stack.at(-1); left?.size === merged.size; left = this.#stack.at(-1)) {
      this.#stack.pop();
      merged = { size: left.size * 2, root: hashPair(join(left.root, merged.root)) };
    }
    this.#stack.push(merged);
  }

  /** Fills up with zeros to `size`, a power of two, and returns the root. */
  finish(size: Bytes): Uint8Array {
    if (this.#size === 0) return Uint8Array.from(zeroCommitment(size));
    while (this.#size < size) {
      const fill = Math.min(lowestBit(this.#size), size - this.#size);
      this.push({ size: fill, root: zeroCommitment(fill) });
    }
    const [root] = this.#stack;
    if (!root || this.#stack.length > 1 || root.size !== size) {
      throw new RangeError(`${this.#size} bytes are no tree of ${size}`);
    }
    return Uint8Array.from(root.root);
  }
}

/** The largest power of two that divides `value`: how much fits an alignment. Works beyond 2^31. */
export function lowestBit(value: Bytes): Bytes {
  let bit = 1;
  while (value % (bit * 2) === 0) bit *= 2;
  return bit;
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  const pair = new Uint8Array(2 * NODE);
  pair.set(left);
  pair.set(right, NODE);
  return pair;
}
