import { killPoint } from '#core';
import {
  assertLease,
  claimReadRun,
  type Database,
  findRun,
  type HeldLease,
  type PhaseRunRow,
  transaction,
  untilNoConflict,
} from '#db';

/** A run that is claimed and given back between its reading and its claim, so often in a row, is left to the sweeper. */
const MAX_TRIES = 3;

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
  const { kysely } = database;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const read = await findRun(kysely, request.runId);
    if (read?.status !== 'queued') return undefined;
    await request.admit?.(read);
    killPoint('claim.before-commit');
    const row = await untilNoConflict(() => claimReadRun(kysely, read, { worker: request.worker, lease }));
    if (row) {
      killPoint('claim.after-commit');
      return row;
    }
    await transaction(database, (trx) => assertLease(trx, lease));
  }
  return undefined;
}
