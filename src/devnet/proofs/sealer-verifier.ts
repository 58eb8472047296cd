import { toHex } from '#codec';
import { ResidentSealer, type SealerProgram } from '#sealer';
import type { WindowPoStInput } from './post-verifier.ts';
import type { AggregateProofInput, SealProofInput, SealVerifier } from './seal-verifier.ts';

/** Source: protocol of the sealer, op `verify-aggregate`. */
const SNARK_PACK_V2 = 1;

/** The network's verifier: the real sealer, started when the first proof comes. */
export class SealerVerifier implements SealVerifier {
  readonly #sealer: ResidentSealer;

  /** `dir` holds its socket and log. */
  constructor(program: SealerProgram, dir: string) {
    this.#sealer = new ResidentSealer(program, dir);
  }

  /** @throws BeeproError `SEALER_…` when the sealer cannot tell, e.g. without parameters */
  async verifySeal(input: SealProofInput): Promise<boolean> {
    const { result } = await this.#sealer.request('verify-seal', {
      miner: input.miner,
      ...sectorParams(input),
      proof_type: input.sealProof,
      proof: toHex(input.proof),
    });
    return result.valid;
  }

  /** @throws BeeproError `SEALER_…` */
  async verifyAggregate(input: AggregateProofInput): Promise<boolean> {
    const { result } = await this.#sealer.request('verify-aggregate', {
      miner: input.miner,
      proof_type: input.sealProof,
      aggregation: SNARK_PACK_V2,
      sectors: input.sectors.map(sectorParams),
      proof: toHex(input.proof),
    });
    return result.valid;
  }

  /** @throws BeeproError `SEALER_…` */
  async verifyWindowPoSt(input: WindowPoStInput): Promise<boolean> {
    const { result } = await this.#sealer.request('verify-window-post', {
      miner: input.miner,
      post_proof: input.postProof,
      randomness: toHex(input.randomness),
      sectors: input.sectors.map(({ number, commR }) => ({ number, comm_r: toHex(commR) })),
      proof: toHex(input.proof),
    });
    return result.valid;
  }

  close(): Promise<void> {
    return this.#sealer.close();
  }
}

function sectorParams({
  number,
  commR,
  commD,
  ticket,
  seed,
}: Omit<SealProofInput, 'miner' | 'sealProof' | 'proof'>) {
  return { number, comm_r: toHex(commR), comm_d: toHex(commD), ticket: toHex(ticket), seed: toHex(seed) };
}
