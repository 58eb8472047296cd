import { toHex } from '#codec';
import { isStandInProof, standInProof } from '#sealer';
import type { WindowPoStInput } from './post-verifier.ts';
import type { AggregateProofInput, SealProofInput, SealVerifier } from './seal-verifier.ts';

/**
 * What becomes of proofs that are marked as none. On the chain made for the replay sealer one counts when it is the
 * mark of exactly this sector, ticket and seed; on every other chain none does, whatever the sealer below would say.
 * All else goes on to the verifier.
 */
export class StandInProofs implements SealVerifier {
  readonly #verifier: SealVerifier;
  readonly #accepted: boolean;

  constructor(verifier: SealVerifier, accepted: boolean) {
    this.#verifier = verifier;
    this.#accepted = accepted;
  }

  async verifySeal(input: SealProofInput): Promise<boolean> {
    if (!isStandInProof(input.proof)) return this.#verifier.verifySeal(input);
    return this.#accepted && toHex(standInProof(claimOf(input))) === toHex(input.proof);
  }

  async verifyAggregate(input: AggregateProofInput): Promise<boolean> {
    // Stand-ins aggregate nothing.
    return !isStandInProof(input.proof) && this.#verifier.verifyAggregate(input);
  }

  /** There is no stand-in for one: what is proven again and again has no work worth sparing. */
  async verifyWindowPoSt(input: WindowPoStInput): Promise<boolean> {
    return !isStandInProof(input.proof) && this.#verifier.verifyWindowPoSt(input);
  }

  close(): Promise<void> {
    return this.#verifier.close();
  }
}

function claimOf({ miner, number, sealProof, commR, commD, ticket, seed }: SealProofInput) {
  return {
    ...{ miner, number, proofType: sealProof },
    ...{ commR: toHex(commR), commD: toHex(commD), ticket: toHex(ticket), seed: toHex(seed) },
  };
}
