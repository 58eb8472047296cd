import {
  type BatchReturn,
  batchReturnOf,
  minerEntropy,
  type ProveCommitSectors3Params,
  RANDOMNESS,
  type SectorActivationManifest,
  sealedCommitment,
  unsealedCid,
  unsealedCommitment,
} from '#codec';
import { sealProofById } from '#core';
import { maxProveCommitDuration } from '../../policy.ts';
import type { SealProofInput } from '../../proofs/seal-verifier.ts';
import type { MinerState, PreCommit } from '../../state/index.ts';
import { ActorError, EXIT, forbidden, illegalArgument } from '../actor-error.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { activateSectors } from './activation.ts';
import { commDOfPieces, zeroCommitment } from './comm-d.ts';
import { minerOf, requireControl } from './funds.ts';
import { notifyDataConsumers } from './notifications.ts';

/** Source: go-state-types `RegisteredAggregationProof_SnarkPackV2`. */
const SNARK_PACK_V2 = 1;
/** Bytes of a proof, one Groth16 proof for each partition: 10 from 32 GiB on. Source: `proof_size`. */
const GROTH16_BYTES = 192;

type ProofInput = Omit<SealProofInput, 'proof'>;

/** One member of the message, with what became of it. */
interface Member {
  readonly activation: SectorActivationManifest;
  readonly preCommit: PreCommit;
  readonly input: ProofInput;
  readonly proof: Uint8Array;
  exitCode: number;
}

/** Source: builtin-actors `prove_commit_sectors3`. */
export async function proveCommitSectors3(
  runtime: Runtime,
  call: Invocation,
  params: ProveCommitSectors3Params,
): Promise<BatchReturn> {
  const miner = minerOf(runtime, call.receiver);
  runtime.batch = { sectors: params.sectorActivations.length, proofs: params.sectorProofs.length };
  requireControl(miner, call.caller);
  const preCommits = params.sectorActivations.map(({ sectorNumber }) => {
    const preCommit = miner.preCommits.get(sectorNumber);
    if (!preCommit)
      throw new ActorError(EXIT.notFound, `loading precommits: sector ${sectorNumber} not found`);
    return preCommit;
  });
  const first = preCommits[0];
  if (!first) throw illegalArgument('no sectors to prove');
  validateProofForm(runtime, params, first);

  const members = validatePreCommits(runtime, call, params, preCommits);
  if (members.every(({ exitCode }) => exitCode !== 0)) throw illegalArgument('no valid precommits specified');
  await verifyProofs(runtime, params, members);
  if (members.every(({ exitCode }) => exitCode !== 0)) throw illegalArgument('no valid proofs specified');
  const proven = members.filter(({ exitCode }) => exitCode === 0);
  for (const member of proven) checkPieces(member, miner);
  activateSectors(
    runtime,
    call.receiver,
    proven.map(({ preCommit, activation }) => ({ preCommit, pieces: activation.pieces })),
  );
  notifyDataConsumers(
    runtime,
    proven.map(({ activation }) => activation),
    params.requireNotificationSuccess,
  );
  return batchReturnOf(members.map(({ exitCode }) => exitCode));
}

function validateProofForm(runtime: Runtime, params: ProveCommitSectors3Params, first: PreCommit): void {
  const { sectorProofs, aggregateProof, aggregateProofType, sectorActivations } = params;
  if ((sectorProofs.length === 0) === (aggregateProof.length === 0))
    throw illegalArgument('exactly one of sector proofs or aggregate proof must be non-empty');
  if (sectorProofs.length > 0) {
    if (aggregateProofType !== null)
      throw illegalArgument('aggregate proof type must be null with batched proofs');
    if (sectorActivations.length !== sectorProofs.length)
      throw illegalArgument(
        `mismatched lengths: ${sectorActivations.length} sector activations, ${sectorProofs.length} proofs`,
      );
    const bytes = (sealProofById(first.info.sealProof)?.bytes ?? 0) >= 32 * 2 ** 30 ? 10 : 1;
    const max = bytes * GROTH16_BYTES;
    for (const proof of sectorProofs)
      if (proof.length > max) throw illegalArgument(`sector proof size ${proof.length} exceeds max ${max}`);
    return;
  }
  if (aggregateProofType !== SNARK_PACK_V2) throw illegalArgument('aggregate proof type must be SnarkPackV2');
  const { minAggregatedSectors: min, maxAggregatedSectors: max, maxAggregateProofSize } = runtime.env.policy;
  const count = sectorActivations.length;
  if (count > max) throw illegalArgument(`too many sectors addressed, addressed ${count} want <= ${max}`);
  if (count < min) throw illegalArgument(`too few sectors addressed, addressed ${count} want >= ${min}`);
  if (aggregateProof.length > maxAggregateProofSize)
    throw illegalArgument(
      `sector prove-commit proof of size ${aggregateProof.length} exceeds max size of ${maxAggregateProofSize}`,
    );
}

/** Source: `validate_precommits`: only an overdue sector fails alone. */
function validatePreCommits(
  runtime: Runtime,
  call: Invocation,
  params: ProveCommitSectors3Params,
  preCommits: readonly PreCommit[],
): Member[] {
  const { policy, epoch } = runtime.env;
  return preCommits.map((preCommit, index) => {
    const { info } = preCommit;
    const overdue = epoch > preCommit.epoch + maxProveCommitDuration(policy);
    const previous = preCommits[index - 1]?.info.sealProof;
    if (previous !== undefined && previous !== info.sealProof)
      throw new ActorError(
        EXIT.illegalState,
        `seal proof group for verification contains mismatched seal proofs ${previous} and ${info.sealProof}`,
      );
    if (epoch <= preCommit.epoch + policy.preCommitChallengeDelay)
      throw forbidden('too early to prove sector');
    if (overdue && params.requireActivationSuccess)
      throw illegalArgument(
        `invalid pre-commit ${index} while requiring activation success: sector ${info.sectorNumber}`,
      );
    return {
      activation: params.sectorActivations[index] ?? { sectorNumber: info.sectorNumber, pieces: [] },
      preCommit,
      input: proofInput(runtime, call, preCommit),
      proof: params.sectorProofs[index] ?? new Uint8Array(),
      exitCode: overdue ? EXIT.illegalArgument : EXIT.ok,
    };
  });
}

function proofInput(runtime: Runtime, call: Invocation, { info, epoch }: PreCommit): ProofInput {
  const entropy = minerEntropy(call.receiver);
  const seedEpoch = epoch + runtime.env.policy.preCommitChallengeDelay;
  const sectorSize = sealProofById(info.sealProof)?.bytes ?? 0;
  return {
    miner: call.receiver,
    number: info.sectorNumber,
    sealProof: info.sealProof,
    commR: sealedCommitment(info.sealedCid),
    commD: info.unsealedCid === null ? zeroCommitment(sectorSize) : unsealedCommitment(info.unsealedCid),
    ticket: runtime.env.randomness('tickets', RANDOMNESS.seal, info.sealRandEpoch, entropy),
    seed: runtime.env.randomness('beacon', RANDOMNESS.interactiveSeal, seedEpoch, entropy),
  };
}

async function verifyProofs(
  runtime: Runtime,
  params: ProveCommitSectors3Params,
  members: readonly Member[],
): Promise<void> {
  const { verifier } = runtime.env;
  const [first] = members;
  if (params.sectorProofs.length === 0 && first) {
    const { miner, sealProof } = first.input;
    const sectors = members.map(({ input }) => input);
    // Every member is a witness of the aggregate, an overdue one too.
    if (!(await verifier.verifyAggregate({ miner, sealProof, sectors, proof: params.aggregateProof })))
      throw illegalArgument('aggregate seal verify failed: invalid aggregate');
    return;
  }
  const verdicts: boolean[] = [];
  const eligible = members.filter(({ exitCode }) => exitCode === 0);
  for (const { input, proof } of eligible) verdicts.push(await verifier.verifySeal({ ...input, proof }));
  eligible.forEach((member, index) => {
    if (verdicts[index]) return;
    if (params.requireActivationSuccess)
      throw illegalArgument(
        `invalid proof for sector ${member.input.number} while requiring activation success: [${verdicts.join(', ')}]`,
      );
    member.exitCode = EXIT.illegalArgument;
  });
}

/** CommD of the pieces must be the one pre-committed, or the whole message fails. */
function checkPieces({ activation, preCommit, input }: Member, miner: MinerState): void {
  const computed = commDOfPieces(activation.pieces, miner.info.sectorSize);
  if (unsealedCid(computed) === unsealedCid(input.commD)) return;
  throw illegalArgument(
    `unsealed CID does not match pieces for sector ${activation.sectorNumber}, computed Cid(${unsealedCid(computed)}) declared ${
      preCommit.info.unsealedCid === null
        ? 'CompactCommD(None)'
        : `CompactCommD(Some(Cid(${preCommit.info.unsealedCid})))`
    }`,
  );
}
