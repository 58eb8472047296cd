import { type Bytes, MEMORY_NEEDS, type PerSectorSize, PHASES } from '#core';
import { bytes, perSectorSize } from '../types/index.ts';
import { defineSettings, type SettingDefinition } from './define-settings.ts';
import { perPhase, rename } from './per-phase.ts';

const memorySizes = perSectorSize(bytes({ min: 0, max: 2 ** 44 }));

const memory = perPhase(
  (phase): SettingDefinition<PerSectorSize<Bytes>> => ({
    type: memorySizes,
    default: memorySizes.format(MEMORY_NEEDS[phase]),
    scope: 'worker',
    doc: `How much physical memory a ${PHASES[phase].label} run is counted with, by sector size. A size that is not named keeps its default; 0 is not counted.`,
  }),
);

export const ADMISSION_SETTINGS = defineSettings({
  ...rename('worker.memory', memory),
  'worker.memory_keep_free': {
    type: bytes({ min: 0, max: 2 ** 44 }),
    default: '1GiB',
    scope: 'worker',
    doc: 'Physical memory that sealing leaves to everything else on a worker. Swap is never counted. Raise it where a node, a database or PoSt runs on the same machine.',
  },
  'worker.scratch_keep_free': {
    type: bytes({ min: 0, max: 2 ** 50 }),
    default: '1GiB',
    scope: 'worker',
    doc: 'Space on a worker’s workspace disk that no new sector may be begun into. Sectors that are there already may use it.',
  },
  'worker.sector_space': {
    type: perSectorSize(bytes({ min: 1, max: 2 ** 50 })),
    default: '',
    scope: 'worker',
    doc: 'Workspace that a sector is counted with in its life, by sector size. Without a value what its files take at their peak: 16.2 sector sizes at 32 GiB. The operators’ rule of 650 GB is 32GiB=606GiB.',
  },
});
