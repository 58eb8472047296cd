import { availableParallelism, cpus } from 'node:os';
import { type Bytes, formatCoreSet, type Phase, parseCoreSet } from '#core';
import type { Database } from '#db';
import type { Logger } from '#log';
import { bindUnit, type CpuTopology, chooseUnit, coreUnits, type MemoryView, type ScratchView } from '#sched';
import { type SealerCores, takenMemory } from '#sealer';
import type { ActiveRun } from '../active-run.ts';
import type { AgentSettings } from '../agent-settings.ts';
import type { SectorMove } from '../sector-move.ts';
import { readCpuTopology } from './cpu-topology.ts';
import { HeldSectors, type SectorHere } from './held-sectors.ts';
import { type HostMemory, readHostMemory } from './host-memory.ts';
import { memoryView, scratchView } from './resource-views.ts';
import { type DiskAnswer, WorkspaceDisk } from './workspace-disk.ts';

interface Modules {
  readonly worker: string;
  readonly workspaceDir: string;
  readonly database: Database;
  readonly settings: AgentSettings;
  readonly log: Logger;
}

/** Memory, disk and sectors of this host, as a decision needs them. */
export interface ResourceViews {
  /** Sectors that have files here. */
  readonly sectors: number;
  /** Of these, the ones that the database knows to be here: those in AddPiece are not. */
  readonly held: readonly SectorHere[];
  readonly memory: MemoryView;
  readonly scratch: ScratchView;
}

/** What a worker says of its machine when it registers: `worker.capabilities.hardware`. */
export interface HardwareFacts {
  readonly cpu: string;
  /** Physical cores and logical CPUs that the worker may use. */
  readonly cores: number;
  readonly threads: number;
  /** Logical CPUs by L3 cache, as `taskset` lists them, first threads first. */
  readonly l3Groups: readonly string[];
  readonly numaNodes: number;
  readonly memory: Bytes;
  readonly workspace: { readonly path: string; readonly capacity: Bytes; readonly free: Bytes } | null;
}

/** A claim takes no memory for some time; what it will take is counted from then on. In ms. */
const MEMORY_FRESH_MS = 200;

/** Phases that compute label layers, and are given cores of their own for it. */
const ON_CORES: ReadonlySet<Phase> = new Set(['precommit1', 'unseal']);

/** This host's memory, cores and workspace: found once or measured when asked, and what its sectors and runs take of them. */
export class HostResources {
  readonly #modules: Modules;
  readonly #topology: CpuTopology;
  readonly #disk: WorkspaceDisk;
  readonly #sectors: HeldSectors;
  #memory: { readonly value: HostMemory; readonly at: number } | undefined;

  constructor(modules: Modules) {
    const { worker, database, settings, workspaceDir: path, log } = modules;
    this.#modules = modules;
    this.#topology = readCpuTopology();
    this.#disk = new WorkspaceDisk({ path, log });
    this.#sectors = new HeldSectors({
      worker,
      database,
      sealVariant: (miner) => settings.sealVariant(miner),
    });
  }

  /** What was read of the sectors no longer holds. */
  forget(): void {
    this.#sectors.forget();
  }

  /** A run has ended. What it made of its sector is known if it was accepted here and the sector stays. */
  runEnded(move: SectorMove | undefined): void {
    if (move) this.#sectors.move(move);
    else this.#sectors.forget();
  }

  /**
   * @param idle what idle sealers hold that the next run of a phase would be given
   * @param freshMs how old what MySQL says of the sectors may be; default: as for a claim
   */
  async views(
    runs: readonly ActiveRun[],
    idle: Readonly<Partial<Record<Phase, Bytes>>>,
    acceptsOutsideC2: boolean,
    freshMs?: number,
  ): Promise<ResourceViews> {
    const { settings } = this.#modules;
    const [sectors, disk] = await Promise.all([
      this.#sectors.read(freshMs),
      this.#disk.look(runs.length > 0),
    ]);
    const beginning = runs.filter((run) => run.phase === 'add-piece').length;
    return {
      sectors: sectors.held.length + beginning,
      held: sectors.held,
      memory: memoryView({
        host: this.#hostMemory(),
        keepFree: settings.memoryKeepFree(),
        runs: runs.map((run) => ({
          phase: run.phase,
          size: run.proof?.size,
          used: run.sealer?.process ? takenMemory(run.sealer.process.pid) : 0,
        })),
        sectors,
        override: (phase) => settings.memory(phase),
        acceptsOutsideC2,
        reusable: idle,
      }),
      scratch: scratchView({
        disk,
        keepFree: settings.scratchKeepFree(),
        sectors,
        beginning,
        override: settings.sectorSpace(),
      }),
    };
  }

  #hostMemory(): HostMemory {
    const now = performance.now();
    if (!this.#memory || now - this.#memory.at >= MEMORY_FRESH_MS) {
      this.#memory = { value: readHostMemory(), at: now };
    }
    return this.#memory.value;
  }

  /**
   * The cores for one more run of the phase; undefined: it runs where the system puts it.
   * @param others cores that belong to devices
   */
  chooseCores(
    phase: Phase,
    runs: readonly ActiveRun[],
    others: readonly (readonly number[])[],
  ): SealerCores | undefined {
    if (!ON_CORES.has(phase)) return undefined;
    const units = coreUnits(this.#topology, Math.max(1, this.#modules.settings.limit('precommit1')));
    const held = runs.flatMap((run) => (run.cores ? [parseCoreSet(run.cores.cpus) ?? []] : []));
    const unit = chooseUnit(units, [...held, ...others]);
    if (!unit) return undefined;
    const { cpus: mask, producers } = bindUnit(this.#topology, unit);
    return { cpus: formatCoreSet(mask), producers };
  }

  async hardware(): Promise<HardwareFacts> {
    const { cores } = this.#topology;
    const answer: DiskAnswer = await this.#disk.look(false);
    const space = 'look' in answer ? answer.look.space : undefined;
    return {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: cores.length || availableParallelism(),
      threads: cores.reduce((sum, core) => sum + core.cpus.length, 0),
      l3Groups: [...Map.groupBy(cores, (core) => core.l3).values()].map((group) =>
        formatCoreSet(group.flatMap((core) => core.cpus)),
      ),
      numaNodes: new Set(cores.map((core) => core.node)).size,
      memory: readHostMemory().total,
      workspace: space ? { path: this.#modules.workspaceDir, capacity: space.total, free: space.free } : null,
    };
  }
}
