import { z } from 'zod';
import type { SealerProgram } from './sealer-process.ts';

/**
 * Cores that one PC1 has for itself. The library binds the threads of multicore SDR to cores that it counts in each
 * process anew, from the first on: only an affinity mask of its own keeps two processes off the same cores.
 */
export interface SealerCores {
  /** Logical CPUs, as `taskset -c` takes them. */
  readonly cpus: string;
  /** Threads that prepare parents for the one that computes labels; 0: it does both. */
  readonly producers: number;
}

export const coresSchema = z.object({ cpus: z.string(), producers: z.number().int().nonnegative() });

/** The variables are read once per process, so a sealer serves one set of cores all its life. */
export function onCores(program: SealerProgram, cores: SealerCores | undefined): SealerProgram {
  if (!cores) return program;
  return {
    ...program,
    cpus: cores.cpus,
    env: {
      ...program.env,
      FIL_PROOFS_USE_MULTICORE_SDR: cores.producers > 0 ? '1' : '0',
      FIL_PROOFS_MULTICORE_SDR_PRODUCERS: String(Math.max(1, cores.producers)),
    },
  };
}

export function isSameCores(a: SealerCores | undefined, b: SealerCores | undefined): boolean {
  return a?.cpus === b?.cpus && a?.producers === b?.producers;
}
