import { cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { OpName, Progress } from '#sealer';
import { PlayedCrash, PlayedError } from './played-error.ts';
import { PLAYED_OPS, type SectorsAt } from './played-ops.ts';
import { drawPlay } from './player.ts';
import type { Profile } from './profile.ts';
import { MemorySector, type PlayedSector, SectorFolder } from './sector-folder.ts';

export interface ReplayOptions {
  readonly profile: Profile;
  /** How much faster than life: 600 plays ten minutes in a second. */
  readonly speed: number;
  /** The same seed plays the same. */
  readonly seed: string;
  /** False: sectors stand in memory alone, for measurements in which thousands of hosts share a disk. Default true. */
  readonly files?: boolean;
}

/** A sign of life, in ms. */
const PROGRESS_EVERY_MS = 5_000;

/** The longest that a timer can be set for, in ms. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/**
 * Plays a machine: each op takes the time that the profile has for its phase, and leaves files and answers that say
 * what they are. It computes nothing, and what it gives in the place of a proof is none.
 */
export class ReplayMachine {
  readonly options: ReplayOptions;

  readonly #sectors = new Map<string, PlayedSector>();
  readonly #at: SectorsAt;

  constructor(options: ReplayOptions) {
    this.options = options;
    this.#at = options.files === false ? (dir) => this.#inMemory(dir) : (dir) => new SectorFolder(dir);
  }

  /**
   * @param id the run's name: with the seed it decides how long this run takes and whether it fails
   * @throws PlayedError, PlayedCrash; the signal's reason when that aborts
   */
  async run(
    op: string,
    id: string,
    params: unknown,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void = () => undefined,
  ): Promise<Readonly<Record<string, unknown>>> {
    const played = PLAYED_OPS[op as OpName];
    if (!played) throw new PlayedError('bad_request', `the stand-in does not play ${op}`);
    try {
      if (played.phase !== undefined && !(await played.isDone?.(params, this.#at))) {
        const play = drawPlay(this.options.profile, played.phase, this.options.seed, id);
        if (!play) {
          const { name } = this.options.profile;
          throw new PlayedError('library', `the profile ${name} has no ${played.phase}`);
        }
        await played.begin?.(params, this.#at);
        await this.#pass(op, play.ms / this.options.speed, signal, onProgress);
        fail(play.failure);
      }
      return await played.end(params, this.#at);
    } catch (error) {
      if (error instanceof z.ZodError) throw new PlayedError('bad_request', z.prettifyError(error));
      if (isFileError(error)) throw new PlayedError('io', error.message);
      throw error;
    }
  }

  /** What the machine says of itself: the real machine's size, and whom it plays. */
  capabilities(): Readonly<Record<string, unknown>> {
    const { profile, speed } = this.options;
    return {
      version: '0.1.0',
      proofs_version: `none: a stand-in that plays ${profile.name} at 1:${speed}`,
      features: ['replay'],
      stand_in: 'replay',
      profile: profile.name,
      speed,
      cpu: { model: cpus()[0]?.model ?? 'unknown', logical: cpus().length, sha_extensions: false },
      memory_bytes: totalmem(),
      multicore_sdr: { built: false, enabled: false },
      gpu: { built: false, devices: [], tree_builder: false },
      parameter_cache: '',
      parent_cache: '',
      seal_proofs: Array.from({ length: 10 }, (_, index) => index + 5),
      ops: Object.keys(PLAYED_OPS),
    };
  }

  #inMemory(dir: string): PlayedSector {
    const known = this.#sectors.get(dir) ?? new MemorySector();
    this.#sectors.set(dir, known);
    return known;
  }

  async #pass(
    op: string,
    ms: number,
    signal: AbortSignal,
    onProgress: (progress: Progress) => void,
  ): Promise<void> {
    const began = performance.now();
    for (;;) {
      const passed = performance.now() - began;
      if (passed >= ms) return;
      await sleep(Math.min(ms - passed, PROGRESS_EVERY_MS, LONGEST_SLEEP_MS), undefined, { signal });
      const elapsed = performance.now() - began;
      if (elapsed < ms)
        onProgress({ phase: op, step: 'replay', elapsed_ms: Math.round(elapsed), fraction: elapsed / ms });
    }
  }
}

function fail(failure: 'crash' | 'temporary' | 'permanent' | undefined): void {
  switch (failure) {
    case 'crash':
      throw new PlayedCrash('the profile plays a crash');
    case 'temporary':
      throw new PlayedError('io', 'the profile plays a temporary failure');
    case 'permanent':
      throw new PlayedError('library', 'the profile plays a permanent failure');
    case undefined:
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
