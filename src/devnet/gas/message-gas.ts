import { type Message, MINER_METHODS, POWER_METHODS } from '#codec';

/** Gas prices of network version 28. Source: FVM `gas/price_list.rs`. */
const ACTOR_UPDATE = 475_000;
const MESSAGE_COMPUTE = 38_863;
const STORAGE_PER_BYTE = 1_300;
const MESSAGE_OVERHEAD_BYTES = 36;
const VALUE_TRANSFER = 6_000;
const METHOD_INVOCATION = 75_000;
/** A new account: the address map and the actor itself. */
const ACTOR_CREATION = 1_400_000;
/** One interactive PoRep proof. Source: recording of a ProveCommitSectors3 (`OnVerifySeal`). */
const VERIFY_SEAL = 42_000_000;

/** One proof for several sectors: so much for each of them, and by their number. Source: FVM, 32 GiB; 2 KiB has no prices. */
const VERIFY_AGGREGATE_PER_SECTOR = 449_900;
const VERIFY_AGGREGATE: readonly (readonly [sectors: number, gas: number])[] = [
  [4, 103_994_170],
  [7, 112_356_810],
  [13, 122_912_610],
  [26, 137_559_930],
  [52, 162_039_100],
  [103, 210_960_780],
  [205, 318_351_180],
  [410, 528_274_980],
];

/** What a message costs before it does anything. `length`: bytes of it as CBOR, with its signature for secp256k1. */
export function onChainMessageGas(length: number): number {
  return MESSAGE_COMPUTE + ACTOR_UPDATE + STORAGE_PER_BYTE * (MESSAGE_OVERHEAD_BYTES + length);
}

/** Window PoSts that are verified at once. Source: FVM `gas/price_list.rs`, `verify_post`. */
const VERIFY_POST = 117_680_921;
const VERIFY_POST_PER_SECTOR = 43_780;

export interface ExecutedWork {
  readonly value: bigint;
  readonly method: number;
  /** The transfer made a new account. */
  readonly created: boolean;
  readonly actor: string;
  /** Sectors in the parameters. */
  readonly sectors: number;
  /**
   * Of these, proofs that were verified one by one; none of a prove-commit's when they are aggregated. For a window PoSt
   * the sectors that its verification was about.
   */
  readonly proofs: number;
  readonly returnBytes: number;
  /** The method aborted before it changed anything. */
  readonly aborted: boolean;
}

/**
 * Gas of executing, fitted to recordings: exact for transfers, of the right size for actors' methods, which on a
 * real chain depend on the shape of their state.
 */
export function executionGas(work: ExecutedWork): number {
  const transfer = work.value > 0n ? VALUE_TRANSFER + ACTOR_UPDATE : 0;
  const creation = work.created ? ACTOR_CREATION : 0;
  if (work.method === 0) return transfer + creation;
  const aborted = METHOD_INVOCATION + 654_500;
  if (work.aborted) return transfer + aborted;
  return transfer + METHOD_INVOCATION + methodGas(work) + STORAGE_PER_BYTE * work.returnBytes;
}

function methodGas({ actor, method, sectors, proofs }: ExecutedWork): number {
  if (actor === 'storagepower' && method === POWER_METHODS.CreateMiner.number) return 40_030_000;
  if (actor !== 'storageminer') return 2_000_000;
  switch (method) {
    // Recorded with one sector: 11.05 million without the message's own cost and transfer. On mainnet another sector
    // of the same message costs 0.63 million, its bytes included (FIP-0100: 16.7 million for one, 18.6 for four).
    case MINER_METHODS.PreCommitSectorBatch2.number:
      return 10_500_000 + 550_000 * sectors;
    // Recorded with one sector: 89.7 million, of which one proof is 42 million. Divided into what a message and what
    // each sector costs as on mainnet (FIP-0100: 267.5 million for one, 580 for four, 517.4 for four aggregated), whose
    // larger state makes both four times dearer.
    case MINER_METHODS.ProveCommitSectors3.number:
      return 34_500_000 + 13_100_000 * sectors + (proofs > 0 ? VERIFY_SEAL * proofs : aggregateGas(sectors));
    // Recorded unverified with one partition: 23.6 million, of which the message itself is 1.05 million.
    case MINER_METHODS.SubmitWindowedPoSt.number:
      return 19_300_000 + 3_250_000 * sectors + verifyPostGas(proofs);
    case MINER_METHODS.DisputeWindowedPoSt.number:
      return 22_000_000 + verifyPostGas(proofs);
    // Not recorded: of the size of what they change.
    case MINER_METHODS.DeclareFaults.number:
    case MINER_METHODS.DeclareFaultsRecovered.number:
    case MINER_METHODS.TerminateSectors.number:
    case MINER_METHODS.ExtendSectorExpiration2.number:
    case MINER_METHODS.CompactPartitions.number:
      return 16_000_000 + 600_000 * sectors;
    default:
      return 4_000_000;
  }
}

function aggregateGas(sectors: number): number {
  const step = VERIFY_AGGREGATE.findLast(([least]) => sectors >= least);
  return VERIFY_AGGREGATE_PER_SECTOR * sectors + (step?.[1] ?? 0);
}

function verifyPostGas(sectors: number): number {
  return sectors === 0 ? 0 : VERIFY_POST + VERIFY_POST_PER_SECTOR * sectors;
}

/** Source: Lotus: a BLS message travels without its signature, which is aggregated. */
export function chargedLength(message: Message, bareLength: number, signedLength: number): number {
  return message.from.startsWith('t3') || message.from.startsWith('f3') ? bareLength : signedLength;
}
