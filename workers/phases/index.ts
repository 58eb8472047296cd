import type { Phase } from '#core';
import { addPiece } from './add-piece.ts';
import { clearCache } from './clear-cache.ts';
import { commit1 } from './commit1.ts';
import { commit2 } from './commit2.ts';
import { landing } from './landing.ts';
import type { PhaseHandler } from './phase.ts';
import { preCommit1 } from './precommit1.ts';
import { preCommit2 } from './precommit2.ts';
import { removeFiles } from './remove-files.ts';
import { unseal } from './unseal.ts';

export type { PhaseContext, PhaseHandler } from './phase.ts';

export const PHASE_HANDLERS: Readonly<Record<Phase, PhaseHandler>> = {
  'add-piece': addPiece,
  precommit1: preCommit1,
  precommit2: preCommit2,
  commit1,
  commit2,
  landing,
  'clear-cache': clearCache,
  unseal,
  'remove-files': removeFiles,
};
