import { type Executor, findRun, findSector } from '#db';
import type { Workspace } from '#storage';
import type { C1Request } from './protocol.ts';
import type { ServedFile } from './server.ts';

/**
 * What a claim may have of this worker: C1's output of its own run's sector, while the sector waits for just that C2
 * and its files are here. The path comes from the sector's number, never from the request or a row.
 */
export async function servedC1(
  db: Executor,
  workspace: Workspace,
  asked: C1Request,
): Promise<ServedFile | undefined> {
  const run = await findRun(db, asked.runId);
  const held =
    run?.phase === 'commit2' &&
    run.status === 'running' &&
    run.attempt === asked.attempt &&
    run.claim === asked.claim &&
    run.worker === asked.worker;
  if (!held) return undefined;
  const sector = await findSector(db, { miner: run.miner, number: run.number });
  if (sector?.state !== 'Commit2' || sector.worker !== asked.source || !sector.commit1_output)
    return undefined;
  return { path: workspace.file(sector, 'c1.json'), sha256: sector.commit1_output.sha256 };
}
