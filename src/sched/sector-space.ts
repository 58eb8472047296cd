import type { Bytes, PerSectorSize, Phase, SealProof, SectorSizeName, SectorState } from '#core';
import type { ScratchView } from './host-view.ts';

const MiB: Bytes = 2 ** 20;
const GiB: Bytes = 2 ** 30;

/**
 * Label layers of a replica: 11 from 32 GiB on, 2 below. Source: `LAYERS` of filecoin-proofs `constants.rs`.
 */
const LAYERS: Readonly<Record<SectorSizeName, number>> = {
  '2KiB': 2,
  '8MiB': 2,
  '512MiB': 2,
  '32GiB': 11,
  '64GiB': 11,
};

/**
 * Vanilla proofs of all 2^18 synthetic challenges: about 25 GiB at 32 GiB (FIP-0059). At 2 KiB there are only 64 nodes
 * to challenge: 575,072 bytes measured, 9 KB each. With two layers and the deeper trees of 8 and 512 MiB that makes at
 * most some 4 GiB, which was not measured.
 */
const SYNTHETIC_PROOFS: Readonly<Record<SectorSizeName, Bytes>> = {
  '2KiB': 1 * MiB,
  '8MiB': 4 * GiB,
  '512MiB': 5 * GiB,
  '32GiB': 25 * GiB,
  '64GiB': 27 * GiB,
};

/** C1's output, as JSON: 100 KB at 2 KiB and 210 KB at 8 MiB measured; about 50 MB at 32 GiB by others' reports. */
const C1_OUTPUT: Readonly<Record<SectorSizeName, Bytes>> = {
  '2KiB': MiB / 4,
  '8MiB': MiB / 2,
  '512MiB': 1 * MiB,
  '32GiB': 64 * MiB,
  '64GiB': 64 * MiB,
};

/** Marks, keys, p_aux and t_aux, and what the file system rounds up. */
const SMALL_FILES: Bytes = 64 * 1024;

export type SectorKind = 'cc' | 'data';

/** A sector's room on the workspace disk, in bytes. */
export interface SectorSpace {
  /** What is there when it enters its state. */
  readonly written: Bytes;
  /** The most from now on, what is there included. */
  readonly peak: Bytes;
}

/** The files of a sector, by the step that writes them; each also for a sector of its kind. */
interface Parts {
  readonly unsealed: Bytes;
  readonly sealed: Bytes;
  readonly treeD: Bytes;
  readonly layers: Bytes;
  readonly treeC: Bytes;
  readonly treeRLast: Bytes;
  readonly synthetic: Bytes;
  readonly c1: Bytes;
}

function partsOf(proof: SealProof, kind: SectorKind): Parts {
  const size = proof.bytes;
  return {
    // Committed capacity is a sparse file of zeros, and takes nothing.
    unsealed: kind === 'cc' ? 0 : size,
    sealed: size,
    treeD: 2 * size,
    layers: LAYERS[proof.size] * size,
    // Octal trees: 1 + 1/8 + 1/64 …; of tree-r-last the two lowest rows are left out.
    treeC: Math.ceil((size * 8) / 7),
    treeRLast: Math.ceil((size * 8) / 7 / 512),
    synthetic: proof.variant === 'synthetic' ? SYNTHETIC_PROOFS[proof.size] : 0,
    c1: C1_OUTPUT[proof.size],
  };
}

/** The most that a sector takes at one time in its whole life, in bytes: 16.2 sector sizes at 32 GiB with data. */
export function sectorPeak(proof: SealProof, kind: SectorKind = 'data'): Bytes {
  const parts = partsOf(proof, kind);
  const beforeC1 =
    parts.unsealed +
    parts.sealed +
    parts.treeD +
    parts.layers +
    parts.treeC +
    parts.treeRLast +
    parts.synthetic;
  // With synthetic proofs the layers are gone before there is an output of C1.
  return beforeC1 + SMALL_FILES + (proof.variant === 'synthetic' ? 0 : parts.c1);
}

/** What a run of the phase writes to the disk until it ends, in bytes. */
export function phaseWrites(phase: Phase, proof: SealProof, kind: SectorKind = 'data'): Bytes {
  const parts = partsOf(proof, kind);
  switch (phase) {
    case 'add-piece':
      return parts.unsealed + SMALL_FILES;
    case 'precommit1':
      return parts.sealed + parts.treeD + parts.layers;
    case 'precommit2':
      return parts.treeC + parts.treeRLast + parts.synthetic;
    case 'commit1':
      return parts.c1;
    // Multicore unsealing computes all layers again, beside the replica it reads and the data it writes.
    case 'unseal':
      return parts.layers + parts.sealed;
    default:
      return 0;
  }
}

/**
 * A sector's room by where it stands. With synthetic proofs the layers and trees end with PC2: most of the space is
 * free again while the sector waits for its seed. Without, all of it is held until the cache is cleared.
 * @param override what the operator counts a sector with, where the model has its peak still before it
 */
export function sectorSpace(
  state: SectorState,
  proof: SealProof,
  kind: SectorKind,
  override?: Bytes,
): SectorSpace {
  const parts = partsOf(proof, kind);
  const model = sectorPeak(proof, kind);
  const peak = override ?? model;
  const kept = parts.unsealed + parts.sealed + parts.treeRLast + parts.synthetic;
  const synthetic = proof.variant === 'synthetic';
  const afterPc2 = synthetic ? kept : kept + parts.treeD + parts.layers + parts.treeC;
  const rest = synthetic ? Math.min(peak, afterPc2 + parts.c1 + SMALL_FILES) : peak;
  switch (state) {
    case 'Packing':
    case 'AddPiece':
      return { written: 0, peak };
    case 'PreCommit1':
      return { written: parts.unsealed, peak };
    case 'PreCommit2':
      return { written: parts.unsealed + parts.sealed + parts.treeD + parts.layers, peak };
    case 'PreCommitBatching':
    case 'PreCommitWait':
    case 'WaitSeed':
    case 'Commit1':
      return { written: afterPc2, peak: rest };
    case 'Commit2':
    case 'ClearCache':
      return { written: Math.min(rest, afterPc2 + parts.c1), peak: rest };
    // On its way out, or nobody knows what it has: it may hold all, and writes no more.
    case 'Removing':
    case 'Parked':
      return { written: peak, peak };
    case 'CommitBatching':
    case 'CommitWait':
    case 'Proving':
    case 'Removed':
      return { written: 0, peak: 0 };
    default:
      return state satisfies never;
  }
}

/** A sector that has files on this disk. */
export interface HeldSector {
  /** Where it stands; of a parked one where it stood. */
  readonly state: SectorState;
  readonly proof: SealProof;
  readonly kind: SectorKind;
  /** What its files take, measured; undefined: not known, and it is counted by its state. */
  readonly used?: Bytes | undefined;
}

/** The phase that a sector in a state is about to write with. */
const WRITING_PHASE: Readonly<Partial<Record<SectorState, Phase>>> = {
  PreCommit1: 'precommit1',
  PreCommit2: 'precommit2',
  Commit1: 'commit1',
};

export type ScratchNeeds = Pick<ScratchView, 'reserved' | 'growth' | 'newSector' | 'writes'>;

/**
 * What the sectors of a worker take and will take on its disk.
 * @param held sectors that have files there
 * @param beginning AddPiece runs whose sector is not yet counted as held
 * @param offered kinds of sectors that may come: the seal proofs of the miners
 */
export function scratchNeeds(
  held: readonly HeldSector[],
  beginning: number,
  offered: readonly SealProof[],
  override: PerSectorSize<Bytes> = {},
): ScratchNeeds {
  const newSector = most(offered.map((proof) => override[proof.size] ?? sectorPeak(proof)));
  let reserved = beginning * newSector;
  let growth = beginning * newSector;
  const writes: Partial<Record<Phase, Bytes>> = {
    'add-piece': most(offered.map((proof) => phaseWrites('add-piece', proof))),
    unseal: most(
      [...held.map(({ proof }) => proof), ...offered].map((proof) => phaseWrites('unseal', proof)),
    ),
  };
  for (const { state, proof, kind, used } of held) {
    const space = sectorSpace(state, proof, kind, override[proof.size]);
    const there = used ?? space.written;
    reserved += Math.max(space.peak, used ?? 0);
    growth += Math.max(0, space.peak - there);
    const phase = WRITING_PHASE[state];
    if (phase === undefined) continue;
    // A phase that goes on after a crash finds what it had written. Which sector comes next is not known: the one that
    // needs least.
    const whole = phaseWrites(phase, proof, kind);
    const left = Math.min(whole, Math.max(0, space.written + whole - there));
    writes[phase] = Math.min(writes[phase] ?? left, left);
  }
  return { reserved, growth, newSector, writes };
}

function most(values: readonly Bytes[]): Bytes {
  return values.reduce((largest, value) => Math.max(largest, value), 0);
}
