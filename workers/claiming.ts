import { killPoint } from '#core';
import {
  assertLease,
  claimRun,
  type Database,
  findRun,
  type HeldLease,
  type PhaseRunRow,
  transaction,
} from '#db';

/**
 * Claims a run for this worker before anything of it is started. Of any number of claimants one gets it; undefined
 * for the others, whose job is superseded: it was claimed, ended, redone or never existed.
 * @throws BeeproError `LEASE_LOST` when this agent may claim nothing any more
 */
export async function claim(
  database: Database,
  lease: HeldLease,
  request: {
    readonly runId: number;
    readonly worker: string;
    /** Throws when this worker must not do it, whatever its limits say. */
    readonly admit?: (run: PhaseRunRow) => Promise<void>;
  },
): Promise<PhaseRunRow | undefined> {
  const seen = await findRun(database.kysely, request.runId);
  if (seen?.status !== 'queued') return undefined;
  await request.admit?.(seen);
  const row = await transaction(database, async (trx) => {
    await assertLease(trx, lease);
    const claimed = await claimRun(trx, {
      runId: seen.id,
      attempt: seen.attempt,
      worker: request.worker,
      hostEpoch: lease.token,
    });
    killPoint('claim.before-commit');
    return claimed;
  });
  killPoint('claim.after-commit');
  return row;
}
