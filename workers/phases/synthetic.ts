import { join } from 'node:path';
import { z } from 'zod';
import type { SectorId } from '#core';
import { readJson, removeDurably, writeJsonDurably } from '#sealer';
import type { Workspace } from '#storage';
import type { PhaseContext } from './phase.ts';

/**
 * In the directory of a synthetic sector: the CommR whose proofs were made and checked. Once it is there the layers
 * may be gone, and the proofs must not be made again.
 */
const CHECKED_FILE = 'synthetic-checked.json';
const checkedFile = z.object({ commR: z.string() });

/**
 * From its synthetic proofs C1 can be made at any time, so the layers go as soon as the proofs are checked: 11 times
 * the sector at 32 GiB. Returns the bytes freed. Source: FIP-0059.
 */
export async function dropLayers(context: PhaseContext, commR: string): Promise<number> {
  await writeJsonDurably(fileOf(context.workspace, context.id), { commR });
  return (await context.seal('drop-layers', 'clear-cache', { sector: context.sealerSector })).freed;
}

/** Makes the proofs of a complete replica, unless they were checked before. */
export async function ensureSyntheticProofs(
  context: PhaseContext,
  ticket: string,
  commR: string,
): Promise<void> {
  const mark = checkedFile.safeParse(await readJson(fileOf(context.workspace, context.id)));
  if (mark.success && mark.data.commR === commR) return;
  await context.seal('synthetic', 'synthetic-proofs', { sector: context.sealerSector, ticket });
}

/** The sector's cache is about to go. */
export async function forgetSyntheticProofs(workspace: Workspace, id: SectorId): Promise<void> {
  await removeDurably(fileOf(workspace, id));
}

function fileOf(workspace: Workspace, id: SectorId): string {
  return join(workspace.dir(id), CHECKED_FILE);
}
