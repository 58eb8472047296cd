import { createHash } from 'node:crypto';
import type { AggregateProofInput, SealProofInput, SealVerifier, WindowPoStInput } from '#devnet';

/** Bytes of a 2 KiB PoRep proof. */
const PROOF_BYTES = 192;

/**
 * Stands in for the sealer where proofs are not the matter: a proof is the digest of what it must be about. So a
 * wrong ticket, seed, CommR, CommD, sector or miner makes it invalid, as with real ones.
 */
export class DigestVerifier implements SealVerifier {
  static proofOf(input: Omit<SealProofInput, 'proof'>): Uint8Array {
    const hash = createHash('sha512').update(`${input.miner} ${input.number} ${input.sealProof}`);
    for (const part of [input.commR, input.commD, input.ticket, input.seed]) hash.update(part);
    const digest = hash.digest();
    return Uint8Array.from({ length: PROOF_BYTES }, (_, index) => digest[index % digest.length] ?? 0);
  }

  static aggregateOf({ miner, sealProof, sectors }: Omit<AggregateProofInput, 'proof'>): Uint8Array {
    const proofs = sectors.map((sector) => DigestVerifier.proofOf({ miner, sealProof, ...sector }));
    return new Uint8Array(createHash('sha512').update(Buffer.concat(proofs)).digest());
  }

  /** One proof of 192 bytes a partition; `partitions` says of how many. */
  static windowPoStOf(input: Omit<WindowPoStInput, 'proof'>, partitions = 1): Uint8Array {
    const hash = createHash('sha512').update(`${input.miner} ${input.postProof}`).update(input.randomness);
    for (const { number, commR } of input.sectors) hash.update(`${number} `).update(commR);
    const digest = hash.digest();
    return Uint8Array.from({ length: PROOF_BYTES * partitions }, (_, index) => digest[index % 64] ?? 0);
  }

  async verifyWindowPoSt({ proof, ...input }: WindowPoStInput): Promise<boolean> {
    return Buffer.compare(proof, DigestVerifier.windowPoStOf(input, proof.length / PROOF_BYTES)) === 0;
  }

  async verifySeal({ proof, ...input }: SealProofInput): Promise<boolean> {
    return Buffer.compare(proof, DigestVerifier.proofOf(input)) === 0;
  }

  async verifyAggregate({ proof, ...input }: AggregateProofInput): Promise<boolean> {
    return Buffer.compare(proof, DigestVerifier.aggregateOf(input)) === 0;
  }

  async close(): Promise<void> {}
}
