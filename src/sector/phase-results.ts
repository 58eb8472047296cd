import { z } from 'zod';
import { BeeproError, type Phase } from '#core';
import type { SectorEvent } from './machine/index.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 32 bytes in lower-case hex');
const sha256 = hex32;

const landedFile = z.object({
  kind: z.enum(['sealed', 'cache', 'unsealed']),
  storageId: z.number().int().positive(),
  /** Relative to the storage path. */
  path: z.string().min(1).max(512),
  size: z.number().int().nonnegative(),
  sha256,
});

/**
 * What a worker answers for each phase; stored whole in `phase_run.result`. More fields than these may be given
 * (times, sizes): they are kept, not read. Commitments are 32 bytes in hex, proofs hex.
 */
export const PHASE_RESULTS = {
  'add-piece': z.looseObject({ commD: hex32 }),
  precommit1: z.looseObject({ commD: hex32 }),
  precommit2: z.looseObject({ commR: hex32, commD: hex32 }),
  commit1: z.looseObject({
    output: z.object({
      path: z.string().min(1),
      sha256,
      size: z.number().int().positive().optional(),
      /** The copy in shared storage. */
      shared: z.string().startsWith('/').optional(),
    }),
  }),
  commit2: z.looseObject({ proof: z.string().regex(/^([0-9a-f]{2})+$/) }),
  landing: z.looseObject({ files: z.array(landedFile).min(1) }),
  'clear-cache': z.looseObject({}),
  unseal: z.looseObject({}),
  'remove-files': z.looseObject({}),
} as const satisfies Record<Phase, z.ZodType>;

export type PhaseResult<P extends Phase = Phase> = z.infer<(typeof PHASE_RESULTS)[P]>;

/** @throws BeeproError `INPUT_INVALID` for a result that is not one of this phase */
export function parsePhaseResult<P extends Phase>(phase: P, result: unknown): PhaseResult<P> {
  const parsed = PHASE_RESULTS[phase].safeParse(result);
  if (parsed.success) return parsed.data as PhaseResult<P>;
  throw new BeeproError('INPUT_INVALID', {
    what: `the result of ${phase}`,
    detail: z.prettifyError(parsed.error),
  });
}

/** The event that an accepted result is. */
export function eventOfResult(phase: Phase, worker: string, result: unknown): SectorEvent {
  switch (phase) {
    case 'add-piece':
      return { type: 'add-piece.done', worker, commD: parsePhaseResult(phase, result).commD };
    case 'precommit1':
      return { type: 'precommit1.done', commD: parsePhaseResult(phase, result).commD };
    case 'precommit2': {
      const { commR, commD } = parsePhaseResult(phase, result);
      return { type: 'precommit2.done', commR, commD };
    }
    case 'commit1':
      return { type: 'commit1.done', output: parsePhaseResult(phase, result).output };
    case 'commit2':
      return { type: 'commit2.done', proof: parsePhaseResult(phase, result).proof };
    case 'landing':
      parsePhaseResult(phase, result);
      return { type: 'landing.done' };
    case 'clear-cache':
      return { type: 'clear-cache.done' };
    case 'unseal':
      return { type: 'unseal.done' };
    case 'remove-files':
      return { type: 'remove-files.done' };
  }
}
