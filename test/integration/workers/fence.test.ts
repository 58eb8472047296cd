import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SectorId } from '#core';
import {
  claimRun,
  findRun,
  listRunsOfSector,
  listWrongAcceptances,
  type PhaseRunRow,
  transaction,
} from '#db';
import { JobFetcher, publishJob, queueName } from '#queues';
import { acceptRun, type Fence } from '#sector';
import { createFleet, type Fleet } from './support/fleet.ts';

let fleet: Fleet;
let number = 0;

beforeAll(async () => {
  fleet = await createFleet();
});
afterAll(() => fleet.close());

/** How a host takes a run: as the worker does, or as one without the claim check would. */
type Claim = (row: PhaseRunRow, worker: string) => Promise<Fence | undefined>;

const fenced: Claim = async (row, worker) => {
  const claimed = await transaction(fleet.database, (trx) =>
    claimRun(trx, { runId: row.id, attempt: row.attempt, worker, hostEpoch: 1 }),
  );
  return claimed && { runId: claimed.id, attempt: claimed.attempt, claim: claimed.claim, worker };
};

/** The claim check removed: whoever has the job starts. */
const unchecked: Claim = async (row, worker) => {
  await fleet.database.kysely
    .updateTable('phase_run')
    .set({ status: 'running', worker, claim: sql<number>`claim + 1` })
    .where('id', '=', row.id)
    .execute();
  const now = await findRun(fleet.database.kysely, row.id);
  return { runId: row.id, attempt: row.attempt, claim: now?.claim ?? 0, worker };
};

interface Doubled {
  readonly id: SectorId;
  /** How many hosts started the run, and how many of their results were accepted. */
  readonly started: number;
  readonly accepted: number;
}

/**
 * Crash rule 2: while host-a runs a job Redis is lost, the job is published anew and host-b gets it; both come to
 * an end, the one after the other.
 */
async function doubleJob(claim: Claim): Promise<Doubled> {
  number += 1;
  const id = await fleet.addSector(number);
  const [row] = await listRunsOfSector(fleet.database.kysely, id, ['queued']);
  if (!row) throw new Error('no run');
  const queue = queueName('add-piece');
  const request = { queue, jobId: `add-piece-s-t01000-${number}-a1`, runId: row.id, priority: 1_000 };
  const hosts = ['host-a', 'host-b'].map((token) => ({
    token,
    fetcher: new JobFetcher(fleet.bus, { token }),
  }));
  let [started, accepted] = [0, 0];
  try {
    for (const { token, fetcher } of hosts) {
      const job = await fetcher.tryFetch(queue);
      expect(job?.runId).toBe(row.id);
      const fence = await claim(row, token);
      await fleet.bus.queue(queue).obliterate({ force: true });
      await publishJob(fleet.bus, request);
      if (!fence) continue;
      started += 1;
      const answer = await transaction(fleet.database, (trx) =>
        acceptRun(trx, fence, { commD: `${started}${'0'.repeat(63)}` }),
      );
      if (answer.status === 'accepted') accepted += 1;
    }
  } finally {
    for (const { fetcher } of hosts) fetcher.close();
    await fleet.bus.queue(queue).obliterate({ force: true });
  }
  return { id, started, accepted };
}

describe('a job that is handed out twice', () => {
  test('is started once and accepted once', async () => {
    const { id, started, accepted } = await doubleJob(fenced);
    expect({ started, accepted }).toEqual({ started: 1, accepted: 1 });
    expect((await fleet.sector(id)).comm_d).toBe(`1${'0'.repeat(63)}`);
    expect(await listWrongAcceptances(fleet.database.kysely)).toEqual([]);
  });

  test('without the claim check it is started twice and accepted twice: the check is what prevents it', async () => {
    const { id, started, accepted } = await doubleJob(unchecked);
    expect({ started, accepted }).toEqual({ started: 2, accepted: 2 });
    // The audit that ends every chaos run finds it.
    const wrong = await listWrongAcceptances(fleet.database.kysely);
    expect(wrong.map((row) => [row.number, Number(row.accepted)])).toEqual([[id.number, 2]]);
  });
});

test('a claim that was given to another loses, though the attempt is the same', async () => {
  number += 1;
  const id = await fleet.addSector(number);
  const [row] = await listRunsOfSector(fleet.database.kysely, id, ['queued']);
  if (!row) throw new Error('no run');
  const first = await fenced(row, 'host-a');
  await fleet.database.kysely
    .updateTable('phase_run')
    .set({ status: 'queued', worker: null })
    .where('id', '=', row.id)
    .execute();
  const second = await fenced(row, 'host-b');
  if (!first || !second) throw new Error('not claimed');
  const accept = (fence: Fence) =>
    transaction(fleet.database, (trx) => acceptRun(trx, fence, { commD: 'ab'.repeat(32) }));
  expect((await accept(first)).status).toBe('superseded');
  expect((await accept(second)).status).toBe('accepted');
  expect((await accept(second)).status).toBe('superseded');
});
