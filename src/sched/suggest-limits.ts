import { type Bytes, formatBytes, type Phase, type SectorSizeName } from '#core';
import type { HostSize, SectorCost } from './host-size.ts';

/** One setting that is proposed for a worker. */
export interface Proposal {
  readonly setting: string;
  readonly value: string;
  /** How it comes about, for the operator. */
  readonly why: string;
}

export interface Suggestion {
  /** What the machine is for. */
  readonly role: 'everything' | 'no C2' | 'C2 only' | 'nothing';
  readonly proposals: readonly Proposal[];
  /** What to consider beside. */
  readonly notes: readonly string[];
}

/** The operators' rule of 650 GB of NVMe for a 32 GiB sector, for other sizes in proportion. */
const SPACE_PER_SECTOR_BYTE = 650e9 / 2 ** 35;
/** Cores that are left to PC2, C2, landing and the system. */
const OTHER_CORES = 4;
/** Multicore SDR needs a thread that computes and one that prepares. */
const CORES_PER_PC1 = 2;
/** What `worker.max_sectors` takes at most; a disk full of test sectors would hold more. */
const MOST_SECTORS = 1_000_000;
/** Sectors of test networks: their C2 takes a minute or two on cores. */
const ON_CORES: ReadonlySet<SectorSizeName> = new Set(['2KiB', '8MiB', '512MiB']);
const GiB: Bytes = 2 ** 30;

/** What a sector takes by the operators' rule. */
export function ruleOfThumbSpace(bytes: Bytes): Bytes {
  return Math.ceil(bytes * SPACE_PER_SECTOR_BYTE);
}

/**
 * Limits that suit a machine, by the usual sizing rules: PC1 as memory and cores allow beside what the GPUs' PC2 and C2
 * take, one PC2 and one C2 a GPU, as many sectors as fit on the workspace disk.
 */
export function suggestLimits(host: HostSize, cost: SectorCost): Suggestion {
  const need = (phase: Phase) => cost.memory[phase] ?? 0;
  // Page cache, the system and what nobody counts: a sixty-fourth, and at least what is kept free anyhow.
  const keepFree = Math.max(host.memoryKeepFree, Math.floor(host.memory / 64 / GiB) * GiB);
  const usable = Math.max(0, host.memory - keepFree);
  const maxSectors = host.scratch
    ? Math.min(MOST_SECTORS, fits(host.scratch.capacity - host.scratch.keepFree, cost.space))
    : 0;
  const onCores = host.gpus === 0 && ON_CORES.has(cost.size);
  const commit2 = Math.min(onCores ? 1 : host.gpus, fits(usable, need('commit2')));
  const precommit2 = Math.min(Math.max(1, host.gpus), fits(usable, need('precommit2')));
  const besides = commit2 * need('commit2') + precommit2 * need('precommit2');
  const byMemory = fits(Math.max(0, usable - besides), need('precommit1'));
  const byCores =
    Math.max(0, Math.floor((host.cores - OTHER_CORES) / CORES_PER_PC1)) || (host.cores > 1 ? 1 : 0);
  const precommit1 = Math.min(byMemory, byCores, maxSectors);
  const notes: string[] = [];

  if (precommit1 === 0) {
    notes.push(whyNoSealing(host, cost, maxSectors, byMemory));
    if (commit2 === 0) return { role: 'nothing', proposals: [], notes };
    return {
      role: 'C2 only',
      proposals: [
        limit('commit2', commit2, `${commit2 < host.gpus ? 'as many as fit into memory' : 'one a GPU'}`),
        {
          setting: 'worker.accept_outside_c2',
          value: 'true',
          why: 'C2 of sectors that lie on other machines',
        },
      ],
      notes,
    };
  }
  if (commit2 === 0) {
    notes.push(
      host.gpus === 0
        ? 'It has no GPU: its C2 must go to other machines (c2.outsource), and PC2 runs on its cores.'
        : `C2 does not fit into its memory (${formatBytes(need('commit2'))}): it must go to other machines (c2.outsource).`,
    );
  } else if (byMemory < Math.min(byCores, maxSectors) && host.gpus > 0) {
    const without = fits(usable - precommit2 * need('precommit2'), need('precommit1'));
    const more = Math.min(without, byCores, maxSectors);
    if (more > precommit1)
      notes.push(
        `With its C2 on other machines (c2.outsource always) it could run ${more} PC1 instead of ${precommit1}.`,
      );
  }
  const some = Math.max(1, Math.ceil(precommit1 / 4));
  const bound =
    precommit1 === byMemory
      ? `${formatBytes(need('precommit1'))} of memory each, beside ${formatBytes(besides)} for PC2 and C2`
      : precommit1 === byCores
        ? `${CORES_PER_PC1} of ${host.cores} cores each`
        : 'as many as sectors fit on its disk';
  return {
    role: commit2 > 0 ? 'everything' : 'no C2',
    proposals: [
      limit('add-piece', some, 'short'),
      limit('precommit1', precommit1, bound),
      limit('precommit2', precommit2, host.gpus > 0 ? 'one a GPU' : 'on its cores'),
      limit('commit1', some, 'short'),
      limit('commit2', commit2, commit2 === 0 ? 'none fits here' : onCores ? 'on its cores' : 'one a GPU'),
      limit('landing', 2, 'two copies keep a network busy'),
      limit('clear-cache', 2, 'frees workspace'),
      limit('unseal', 1, 'as costly as PC1'),
      limit('remove-files', 1, 'frees workspace'),
      {
        setting: 'worker.max_sectors',
        value: String(maxSectors),
        why: `${formatBytes(cost.space)} of workspace each`,
      },
      ...(keepFree > host.memoryKeepFree
        ? [
            {
              setting: 'worker.memory_keep_free',
              value: `${keepFree / GiB}GiB`,
              why: 'a sixty-fourth of its memory for the system',
            },
          ]
        : []),
    ],
    notes,
  };
}

function limit(phase: Phase, value: number, why: string): Proposal {
  return { setting: `worker.limit.${phase}`, value: String(value), why };
}

function fits(room: Bytes, need: Bytes): number {
  return need > 0 ? Math.max(0, Math.floor(room / need)) : Number.MAX_SAFE_INTEGER;
}

function whyNoSealing(host: HostSize, cost: SectorCost, maxSectors: number, byMemory: number): string {
  if (!host.scratch) return 'No sectors are sealed here: its workspace disk could not be measured.';
  if (maxSectors === 0)
    return `No sectors are sealed here: its workspace disk has ${formatBytes(host.scratch.capacity)}, and one takes ${formatBytes(cost.space)}.`;
  if (byMemory === 0)
    return `No sectors are sealed here: PC1 needs ${formatBytes(cost.memory.precommit1 ?? 0)} of memory beside what the GPUs take.`;
  return 'No sectors are sealed here: PC1 needs two cores.';
}
