import type { Epoch, SectorNumber } from '#core';
import type { SealVerifier } from '../proofs/seal-verifier.ts';

/** From a height on, the sectors whose proofs do not verify. */
export interface FailureEntry {
  readonly from: Epoch;
  readonly sectors: readonly SectorNumber[];
}

/**
 * Sectors that fail on demand. Proofs fail by height, so that executing a tipset again, after a restart or on a fork,
 * gives the state it gave before; estimates are refused for as long as they are told to be.
 */
export class SectorFailures {
  readonly #entries: FailureEntry[] = [];
  /** Whose presence makes the estimate of a message fail. */
  refusedEstimates: ReadonlySet<SectorNumber> = new Set();

  add(entry: FailureEntry): void {
    this.#entries.push(entry);
  }

  /** The verifier for messages that execute at `height`. */
  verifierAt(height: Epoch, verifier: SealVerifier): SealVerifier {
    return this.#rejecting(
      this.#entries.findLast(({ from }) => from <= height),
      verifier,
    );
  }

  /** The verifier for estimates, which know what is to come. */
  verifierNow(verifier: SealVerifier): SealVerifier {
    return this.#rejecting(this.#entries.at(-1), verifier);
  }

  #rejecting(entry: FailureEntry | undefined, verifier: SealVerifier): SealVerifier {
    if (!entry || entry.sectors.length === 0) return verifier;
    const bad = new Set(entry.sectors);
    const own: Pick<SealVerifier, 'verifySeal' | 'verifyAggregate'> = {
      verifySeal: async (input) => !bad.has(input.number) && verifier.verifySeal(input),
      verifyAggregate: async (input) =>
        !input.sectors.some(({ number }) => bad.has(number)) && verifier.verifyAggregate(input),
    };
    // All else that the verifier checks stays its own.
    return new Proxy(verifier, {
      get(target, name) {
        if (Object.hasOwn(own, name)) return Reflect.get(own, name);
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}
