import type { Bytes } from './ids.ts';
import type { Phase } from './phases.ts';
import type { SectorSizeName } from './seal-proofs.ts';

const MiB: Bytes = 2 ** 20;
const GiB: Bytes = 2 ** 30;

/** A value that may differ by sector size; a size that is not named has the value that counts without it. */
export type PerSectorSize<T> = Readonly<Partial<Record<SectorSizeName, T>>>;

/**
 * Peak of physical memory that a run of a phase takes, in bytes, by sector size: what it allocates itself, not what it
 * maps of files that are there (parameters, the graph's parents), which the system drops when it must.
 *
 * 512 MiB and more: the peaks of Lotus' resource table (`MaxMemory` of storage/sealer/storiface/resources.go). Its rule of
 * 64 GiB for PC1 at 32 GiB is what the computation says too: two layers of the sector are held. Measured here at 2 KiB
 * and 8 MiB: PC1 6 and 29 MiB, PC2 7 and 39 MiB, C1 7 MiB, C2 2.6 GB; the sealer alone has about 30 MiB, and 3 GB were
 * held after two C2 in a row. Landing and clearing copy in small pieces.
 */
export const MEMORY_NEEDS: Readonly<Record<Phase, PerSectorSize<Bytes>>> = {
  'add-piece': sizes(16 * MiB, 32 * MiB, 1 * GiB, 4 * GiB, 8 * GiB),
  precommit1: sizes(64 * MiB, 96 * MiB, 1.25 * GiB, 64 * GiB, 128 * GiB),
  precommit2: sizes(64 * MiB, 128 * MiB, 1.5 * GiB, 15 * GiB, 30 * GiB),
  commit1: sizes(64 * MiB, 64 * MiB, 1 * GiB, 1 * GiB, 1 * GiB),
  commit2: sizes(3 * GiB, 3 * GiB, 4 * GiB, 150 * GiB, 190 * GiB),
  landing: {},
  'clear-cache': {},
  unseal: sizes(64 * MiB, 96 * MiB, 1.25 * GiB, 64 * GiB, 128 * GiB),
  'remove-files': {},
};

function sizes(...[k2, m8, m512, g32, g64]: readonly [Bytes, Bytes, Bytes, Bytes, Bytes]) {
  return { '2KiB': k2, '8MiB': m8, '512MiB': m512, '32GiB': g32, '64GiB': g64 };
}
