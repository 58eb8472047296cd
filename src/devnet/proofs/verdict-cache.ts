import { blake2b256, concatBytes, toHex } from '#codec';
import { LineLog } from '../storage/line-log.ts';
import type { WindowPoStInput } from './post-verifier.ts';
import type { AggregateProofInput, SealProofInput, SealVerifier } from './seal-verifier.ts';

/**
 * Remembers what the verifier said. A proof is checked when a message is estimated, executed and replayed, and
 * again when the chain is executed from disk: the answer is always the same.
 */
export class VerdictCache implements SealVerifier {
  readonly #verifier: SealVerifier;
  readonly #log: LineLog;
  readonly #verdicts = new Map<string, boolean>();

  constructor(verifier: SealVerifier, path: string) {
    this.#verifier = verifier;
    const { log, lines } = LineLog.open(path);
    this.#log = log;
    for (const [digest, valid] of lines as [string, boolean][]) this.#verdicts.set(digest, valid);
  }

  verifySeal(input: SealProofInput): Promise<boolean> {
    const { miner, number, sealProof, commR, commD, ticket, seed, proof } = input;
    const digest = digestOf(`seal ${miner} ${number} ${sealProof}`, [commR, commD, ticket, seed, proof]);
    return this.#remember(digest, () => this.#verifier.verifySeal(input));
  }

  verifyAggregate(input: AggregateProofInput): Promise<boolean> {
    const parts = input.sectors.flatMap(({ number, commR, commD, ticket, seed }) => [
      Uint8Array.from(new TextEncoder().encode(`${number} `)),
      commR,
      commD,
      ticket,
      seed,
    ]);
    const digest = digestOf(`aggregate ${input.miner} ${input.sealProof}`, [...parts, input.proof]);
    return this.#remember(digest, () => this.#verifier.verifyAggregate(input));
  }

  verifyWindowPoSt(input: WindowPoStInput): Promise<boolean> {
    const parts = input.sectors.flatMap(({ number, commR }) => [
      Uint8Array.from(new TextEncoder().encode(`${number} `)),
      commR,
    ]);
    const what = `window post ${input.miner} ${input.postProof}`;
    const digest = digestOf(what, [...parts, input.randomness, input.proof]);
    return this.#remember(digest, () => this.#verifier.verifyWindowPoSt(input));
  }

  async close(): Promise<void> {
    this.#log.close();
    await this.#verifier.close();
  }

  async #remember(digest: string, decide: () => Promise<boolean>): Promise<boolean> {
    const known = this.#verdicts.get(digest);
    if (known !== undefined) return known;
    const valid = await decide();
    this.#verdicts.set(digest, valid);
    this.#log.append([digest, valid]);
    return valid;
  }
}

function digestOf(what: string, parts: readonly Uint8Array[]): string {
  return toHex(blake2b256(concatBytes(new TextEncoder().encode(what), ...parts)));
}
