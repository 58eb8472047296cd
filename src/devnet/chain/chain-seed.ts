import { type BeaconEntry, blake2b256, concatBytes } from '#codec';
import type { Epoch } from '#core';

/** Everything the chain draws by chance, from one seed: the same seed makes the same chain. */
export class ChainSeed {
  readonly #seed: Uint8Array;
  readonly #nullRounds: number;

  /** `nullRounds`: the share of epochs without a block, 0 to below 1. */
  constructor(seed: string, nullRounds: number) {
    this.#seed = new TextEncoder().encode(seed);
    this.#nullRounds = nullRounds;
  }

  digest(purpose: string, ...numbers: readonly number[]): Uint8Array {
    const text = new TextEncoder().encode(`|${purpose}|${numbers.join('|')}`);
    return blake2b256(concatBytes(this.#seed, text));
  }

  /** Bytes that stand where a chain of several producers has a BLS signature. */
  vrf(purpose: string, ...numbers: readonly number[]): Uint8Array {
    return concatBytes(...[0, 1, 2].map((part) => this.digest(purpose, ...numbers, part)));
  }

  isNullRound(height: Epoch): boolean {
    const drawn = new DataView(this.digest('null-round', height).buffer).getUint32(0);
    return drawn / 2 ** 32 < this.#nullRounds;
  }

  beacon(round: number): BeaconEntry {
    return { round, data: this.digest('beacon', round) };
  }

  /** Key material, for wallets that tests must find again. */
  key(name: string): Uint8Array {
    const bytes = this.digest(`key ${name}`);
    // Below the order of either curve, and not zero: BLS keys are little-endian, secp256k1 keys are not.
    bytes[31] = (bytes[31] ?? 0) & 0x3f;
    bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 1;
    return bytes;
  }
}
