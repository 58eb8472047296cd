import { createHash } from 'node:crypto';
import {
  actorIdOf,
  minerEntropy,
  type PieceActivationManifest,
  type ProveCommitSectors3Params,
  RANDOMNESS,
  type SectorPreCommitInfo,
  sealedCid,
  sealedCommitment,
  unsealedCommitment,
} from '#codec';
import type { SectorNumber } from '#core';
import { type SealProofInput, zeroCommitment } from '#devnet';
import { DigestVerifier } from './digest-verifier.ts';
import { MINER, type TestDevnet } from './test-devnet.ts';

/** A commitment that looks like one: below the field's modulus. */
export function commitment(text: string): Uint8Array {
  const digest = createHash('sha256').update(text).digest();
  digest[31] = (digest[31] ?? 0) & 0x3f;
  return new Uint8Array(digest);
}

/** A pre-commit that the chain takes, unless `change` spoils it. */
export async function preCommitInfo(
  { lotus }: TestDevnet,
  number: SectorNumber,
  change: Partial<SectorPreCommitInfo> = {},
): Promise<SectorPreCommitInfo> {
  const head = await lotus.chainHead();
  return {
    sealProof: 5,
    sectorNumber: number,
    sealedCid: sealedCid(commitment(`sector ${number}`)),
    sealRandEpoch: head.height - 900,
    dealIds: [],
    expiration: head.height + 500 * 2880,
    unsealedCid: null,
    ...change,
  };
}

/** The proof that the verifier of these tests wants for a sector as it stands pre-committed on chain. */
export async function proofOf(test: TestDevnet, number: SectorNumber): Promise<Uint8Array> {
  return DigestVerifier.proofOf(await proofInput(test, number));
}

/** One proof for several sectors. */
export async function aggregateOf(test: TestDevnet, numbers: readonly SectorNumber[]): Promise<Uint8Array> {
  const sectors = await Promise.all(numbers.map((number) => proofInput(test, number)));
  const [first] = sectors;
  if (!first) throw new Error('nothing to aggregate');
  return DigestVerifier.aggregateOf({ miner: first.miner, sealProof: first.sealProof, sectors });
}

/** What a proof of the sector would be about, as it stands pre-committed on chain. */
export async function proofInput(
  { lotus }: TestDevnet,
  number: SectorNumber,
): Promise<Omit<SealProofInput, 'proof'>> {
  const [onChain, params] = await Promise.all([
    lotus.stateSectorPreCommitInfo(MINER, number, []),
    lotus.stateGetNetworkParams(),
  ]);
  if (!onChain) throw new Error(`sector ${number} is not pre-committed`);
  const { info, preCommitEpoch } = onChain;
  const entropy = minerEntropy(actorIdOf(MINER));
  const seedEpoch = preCommitEpoch + params.preCommitChallengeDelay;
  return {
    miner: actorIdOf(MINER),
    number,
    sealProof: info.sealProof,
    commR: sealedCommitment(info.sealedCid),
    commD: info.unsealedCid === null ? zeroCommitment(2048) : unsealedCommitment(info.unsealedCid),
    ticket: await lotus.stateGetRandomnessFromTickets(RANDOMNESS.seal, info.sealRandEpoch, entropy, []),
    seed: await lotus.stateGetRandomnessFromBeacon(RANDOMNESS.interactiveSeal, seedEpoch, entropy, []),
  };
}

export function proveCommitParams(
  sectors: readonly {
    number: SectorNumber;
    proof: Uint8Array;
    pieces?: readonly PieceActivationManifest[];
  }[],
  change: Partial<ProveCommitSectors3Params> = {},
): ProveCommitSectors3Params {
  return {
    sectorActivations: sectors.map(({ number, pieces = [] }) => ({ sectorNumber: number, pieces })),
    sectorProofs: sectors.map(({ proof }) => proof),
    aggregateProof: new Uint8Array(),
    aggregateProofType: null,
    requireActivationSuccess: false,
    requireNotificationSuccess: false,
    ...change,
  };
}
