import { existsSync } from 'node:fs';
import type { SectorState } from '#core';
import { type Database, findSector, listRunsOfSector, type PhaseRunRow, type SectorRow } from '#db';
import type { Logger } from '#log';
import type { Workspace } from '#storage';

/** States in which the worker that holds the sector has its replica. */
const SEALED: ReadonlySet<SectorState> = new Set([
  'PreCommitBatching',
  'PreCommitWait',
  'WaitSeed',
  'Commit1',
  'Commit2',
  'ClearCache',
]);

/**
 * Whether a sector's directory on this worker is of no use any more. In doubt it stays: a directory costs space, a
 * deleted replica costs a deposit.
 */
export function isLeftOver(
  sector: Pick<SectorRow, 'state' | 'worker' | 'cleared_at'> | undefined,
  here: { readonly worker: string; readonly running: boolean; readonly hasReplica: boolean },
): boolean {
  // Another database's sector, or one that a restored database has forgotten.
  if (!sector || here.running || sector.worker === here.worker) return false;
  if (sector.state === 'Removed' || sector.cleared_at !== null) return true;
  if (sector.worker === null) return false;
  // AddPiece ended on another worker: what an earlier try wrote here was never sealed. A replica is of use until the
  // other worker, which got the sector because this one was given up, has one too.
  return !here.hasReplica || SEALED.has(sector.state);
}

/** Removes what interrupted runs left in the workspace; done when the agent starts. */
export async function sweepWorkspace(modules: {
  readonly worker: string;
  readonly database: Database;
  readonly workspace: Workspace;
  readonly log: Logger;
}): Promise<void> {
  const { worker, database, workspace, log } = modules;
  for (const id of await workspace.list()) {
    const sector = await findSector(database.kysely, id);
    const runs: PhaseRunRow[] = await listRunsOfSector(database.kysely, id, ['running']);
    const here = {
      worker,
      running: runs.some((run) => run.worker === worker),
      hasReplica: existsSync(workspace.file(id, 'sealed')),
    };
    if (!isLeftOver(sector, here)) continue;
    log.info({ miner: id.miner, sector: id.number }, 'removing what is left of the sector in the workspace');
    await workspace.remove(id);
  }
}
