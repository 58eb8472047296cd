import { BitField, RANDOMNESS, type SubmitWindowedPoStParams } from '#codec';
import { SECTOR_SIZES } from '#core';
import type { NetworkPolicy } from '../../policy.ts';
import type { Deadline, MinerState, Power } from '../../state/index.ts';
import { illegalArgument, printBitField, within } from '../actor-error.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { currentDeadline, type DeadlineInfo } from './deadlines.ts';
import { checkBalanceInvariants, minerOf, requireControl } from './funds.ts';
import { deadlineOf, faultExpiration, notFound, termsOf, withDeadline } from './miner-deadlines.ts';
import { proven, requireContained, sumOf, unionOf, withFaults } from './partitions.ts';
import { verifyWindowPoSt } from './post-proof.ts';
import { plus } from './power.ts';

/** Bytes of the proof of one partition. Source: fvm_shared `RegisteredPoStProof::proof_size`. */
const PARTITION_PROOF_BYTES = 192;
const RANDOMNESS_BYTES = 32;
/** Registered window PoSt proofs (V1_1) begin here, one for each sector size. */
const FIRST_WINDOW_POST = 10;

/**
 * Proves partitions of the open deadline. A proof that recovers no power is taken unseen: it may be disputed later.
 * Source: builtin-actors `submit_windowed_post`.
 */
export async function submitWindowedPoSt(
  runtime: Runtime,
  call: Invocation,
  params: SubmitWindowedPoStParams,
): Promise<undefined> {
  const { policy, epoch } = runtime.env;
  runtime.batch = { sectors: params.partitions.length, proofs: 0 };
  validateForm(policy, params);
  const miner = minerOf(runtime, call.receiver);
  requireControl(miner, call.caller);
  const proof = proofOf(miner, params);
  validatePartitionCount(policy, miner, params.partitions.length);
  const deadline = currentDeadline(policy, miner.provingPeriodStart, epoch);
  validateTime(runtime, params, deadline);

  const before = deadlineOf(miner, params.deadline);
  const result = within(`failed to process post submission for deadline ${params.deadline}`, () =>
    recordProven(policy, miner, before, deadline, params),
  );
  if (result.numbers.subtract(result.ignored).size === 0)
    throw illegalArgument('cannot prove partitions with no active sectors');
  let after = result.deadline;
  if (result.recovered.rawBytePower === 0n) {
    const partitions = BitField.of(params.partitions.map(({ index }) => index));
    after = { ...after, posts: [...after.posts, { partitions, proof }] };
  } else {
    runtime.batch = { sectors: params.partitions.length, proofs: result.numbers.size };
    const { numbers, ignored } = result;
    const what = { sectors: miner.sectors, numbers, ignored, proof };
    if (!(await verifyWindowPoSt(runtime, call.receiver, miner, deadline.challenge, what)))
      throw illegalArgument('invalid post was submitted');
  }
  runtime.update(call.receiver, {
    miner: { ...withDeadline(miner, params.deadline, after), power: plus(miner.power, result.power) },
  });
  checkBalanceInvariants(minerOf(runtime, call.receiver), runtime.actor(call.receiver).balance);
  return undefined;
}

function validateForm(policy: NetworkPolicy, params: SubmitWindowedPoStParams): void {
  const [proof] = params.proofs;
  if (!proof || params.proofs.length !== 1)
    throw illegalArgument(`expected exactly one proof, got ${params.proofs.length}`);
  const size = SECTOR_SIZES[proof.postProof - FIRST_WINDOW_POST];
  if (!size || !policy.sectorSizes.includes(size))
    throw illegalArgument(`proof type ${printPoStProof(proof.postProof)} not allowed`);
  if (params.deadline >= policy.wPoStPeriodDeadlines)
    throw illegalArgument(`invalid deadline ${params.deadline} of ${policy.wPoStPeriodDeadlines}`);
  if (params.chainCommitRand.length > RANDOMNESS_BYTES)
    throw illegalArgument(
      `expected at most ${RANDOMNESS_BYTES} bytes of randomness, got ${params.chainCommitRand.length}`,
    );
}

function proofOf(miner: MinerState, { proofs, partitions }: SubmitWindowedPoStParams): Uint8Array {
  const type = proofs[0]?.postProof ?? 0;
  const bytes = proofs[0]?.proofBytes ?? new Uint8Array();
  const { windowPoStProof } = miner.info;
  if (type !== windowPoStProof)
    throw illegalArgument(
      `expected proof of type ${printPoStProof(windowPoStProof)}, got ${printPoStProof(type)}`,
    );
  const max = PARTITION_PROOF_BYTES * partitions.length;
  if (bytes.length > max) throw illegalArgument(`expected proof to be smaller than ${max} bytes`);
  return bytes;
}

/** Source: `load_partitions_sectors_max` and `posted_partitions_max`. */
function validatePartitionCount(policy: NetworkPolicy, miner: MinerState, count: number): void {
  const limit = Math.min(addressablePartitions(policy, miner), policy.postedPartitionsMax);
  if (count > limit) throw illegalArgument(`too many partitions ${count}, limit ${limit}`);
}

export function addressablePartitions(policy: NetworkPolicy, { info }: MinerState): number {
  const bySectors = Math.floor(policy.addressedSectorsMax / info.partitionSectors);
  return Math.min(bySectors, policy.addressedPartitionsMax);
}

function validateTime(runtime: Runtime, params: SubmitWindowedPoStParams, deadline: DeadlineInfo): void {
  const { epoch, randomness } = runtime.env;
  const { chainCommitEpoch } = params;
  if (params.deadline !== deadline.index)
    throw illegalArgument(
      `invalid deadline ${params.deadline} at epoch ${epoch}, expected ${deadline.index}`,
    );
  if (chainCommitEpoch < deadline.challenge)
    throw illegalArgument(
      `expected chain commit epoch ${chainCommitEpoch} to be after ${deadline.challenge}`,
    );
  if (chainCommitEpoch >= epoch)
    throw illegalArgument(
      `chain commit epoch ${chainCommitEpoch} must be less than the current epoch ${epoch}`,
    );
  const drawn = randomness('tickets', RANDOMNESS.poStChainCommit, chainCommitEpoch, new Uint8Array());
  if (Buffer.compare(drawn, params.chainCommitRand) !== 0)
    throw illegalArgument('post commit randomness mismatched');
}

interface Recorded {
  readonly deadline: Deadline;
  /** All sectors of the proven partitions, and those of them that the proof leaves out. */
  readonly numbers: BitField;
  readonly ignored: BitField;
  readonly power: Power;
  readonly recovered: Power;
}

/** Takes the proofs for good: who verifies them comes after. Source: `record_proven_sectors`. */
function recordProven(
  policy: NetworkPolicy,
  miner: MinerState,
  deadline: Deadline,
  info: DeadlineInfo,
  { partitions: posts }: SubmitWindowedPoStParams,
): Recorded {
  const indexes = BitField.of(posts.map(({ index }) => index));
  if (indexes.size !== posts.length) throw illegalArgument('duplicate partitions proven');
  const again = deadline.partitionsPoSted.intersect(indexes);
  if (again.size > 0) throw illegalArgument(`partition already proven: ${printBitField(again)}`);
  const terms = termsOf(policy, miner, info.index);
  const partitions = [...deadline.partitions];
  const results = posts.map(({ index, skipped }) => {
    const partition = partitions[index];
    if (!partition) throw notFound(`no such partition ${index}`);
    within(`failed to add skipped faults to partition ${index}`, () =>
      requireContained(partition, skipped, 'skipped faults contains sectors outside partition'),
    );
    const faulty = withFaults(partition, skipped, faultExpiration(policy, info), terms);
    const result = proven(faulty.partition, terms);
    partitions[index] = result.partition;
    const power = sumOf([faulty.power, result.recovered, result.activated]);
    return { ...result, power };
  });
  const after = results.map(({ partition }) => partition);
  return {
    deadline: { ...deadline, partitions, partitionsPoSted: deadline.partitionsPoSted.union(indexes) },
    numbers: unionOf(after.map(({ sectors }) => sectors)),
    ignored: unionOf(after.flatMap(({ faults, terminated }) => [faults, terminated])),
    power: sumOf(results.map(({ power }) => power)),
    recovered: sumOf(results.map(({ recovered }) => recovered)),
  };
}

/** As Rust prints it. Source: fvm_shared `RegisteredPoStProof`. */
function printPoStProof(number: number): string {
  const size = SECTOR_SIZES[number % SECTOR_SIZES.length];
  if (!size || number < 0 || number >= 15) return `Invalid(${number})`;
  const kind = number < 5 ? 'Winning' : 'Window';
  return `StackedDRG${kind}${size}${number < FIRST_WINDOW_POST ? 'V1' : 'V1P1'}`;
}
