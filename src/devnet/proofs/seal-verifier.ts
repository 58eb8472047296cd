import type { ActorId, SectorNumber } from '#core';
import type { WindowPoStInput } from './post-verifier.ts';

/** One PoRep proof with everything it is about. Commitments and randomness are raw 32 bytes. */
export interface SealProofInput {
  readonly miner: ActorId;
  readonly number: SectorNumber;
  /** Registered seal proof number. */
  readonly sealProof: number;
  readonly commR: Uint8Array;
  readonly commD: Uint8Array;
  readonly ticket: Uint8Array;
  readonly seed: Uint8Array;
  readonly proof: Uint8Array;
}

export interface AggregateProofInput {
  readonly miner: ActorId;
  readonly sealProof: number;
  readonly sectors: readonly Omit<SealProofInput, 'miner' | 'sealProof' | 'proof'>[];
  readonly proof: Uint8Array;
}

/** Decides about proofs. The devnet's own is the real sealer. */
export interface SealVerifier {
  verifySeal(input: SealProofInput): Promise<boolean>;
  verifyAggregate(input: AggregateProofInput): Promise<boolean>;
  verifyWindowPoSt(input: WindowPoStInput): Promise<boolean>;
  close(): Promise<void>;
}
