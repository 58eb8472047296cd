import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  countRunsByStatus,
  type Executor,
  listDueIntents,
  listDueRuns,
  listExpiredRuns,
  listFlights,
  listForsaken,
  listHeldSectors,
  listMessages,
  listNodesOfPushed,
  listNoncesOf,
  listParkedSectors,
  listQueuedRuns,
  listRunningRuns,
  listRunsOfSector,
  listRunsOfWorker,
  listSectors,
  listSectorsOnMessage,
  listUnpublished,
  pruneOutbox,
  reservedFunds,
  saveMiner,
} from '#db';
import { createMigratedDatabase, type MigratedDatabase } from '#testing';

/** Enough that the reading of a table cannot be taken for the use of an index. */
const SECTORS = 20_000;
let store: MigratedDatabase;
let db: Executor;

/** One connection: what it has read is counted by the session. */
beforeAll(async () => {
  store = await createMigratedDatabase({ poolSize: 1 });
  db = store.database.kysely;
  await saveMiner(db, { id: 1000, network: 'n', sector_size: '32GiB', owner: 't01', worker: 't01' });
  await fill(db);
}, 120_000);
afterAll(() => store.drop());

/**
 * Years of sealing: nearly all is proving and done. Of each hundred sectors one is waiting for a seed and one for a
 * message, each with a run that is queued, waiting or running.
 */
async function fill(executor: Executor): Promise<void> {
  const digit = sql`(SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4
    UNION SELECT 5 UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)`;
  const numbers = sql`(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d AS n
    FROM ${digit} a, ${digit} b, ${digit} c, ${digit} d, ${digit} e
    WHERE e.d < 2) numbers`;
  await sql`INSERT INTO message (id, miner, purpose, from_address, to_address, method, value, params, state, nonce, max_fee)
    SELECT n + 1, 1000, 'commit', 't3x', 't01000', 34, 0, '', IF(n % 200 = 0, 'landed', 'final'), n, 1
      FROM ${numbers} WHERE n % 10 = 0`.execute(executor);
  await sql`INSERT INTO sector (miner, number, state, kind, seal_proof, worker, precommit_epoch, commit_message, recoveries)
    SELECT 1000, n, CASE n % 100 WHEN 1 THEN 'WaitSeed' WHEN 0 THEN 'CommitWait' WHEN 2 THEN 'Parked' ELSE 'Proving' END,
           'cc', 8, IF(n % 100 = 1, 'host-a', NULL), 5, n - n % 10 + 1, '{}' FROM ${numbers}`.execute(
    executor,
  );
  await sql`INSERT INTO phase_run (miner, number, phase, attempt, status, worker, input, runnable_at, heartbeat_at, not_before)
    SELECT 1000, n, p.phase, 1,
           CASE WHEN n % 100 <> 1 OR p.phase <> 'commit1' THEN 'done'
                WHEN n % 300 = 1 THEN 'queued' WHEN n % 300 = 101 THEN 'waiting' ELSE 'running' END,
           IF(n % 2 = 0, 'host-a', 'host-b'), '{}', NOW(3), NOW(3) - INTERVAL 1 DAY, NOW(3)
      FROM ${numbers},
           (SELECT 'precommit1' AS phase UNION SELECT 'precommit2' UNION SELECT 'landing' UNION SELECT 'commit1') p`.execute(
    executor,
  );
  await sql`INSERT INTO outbox (run_id, queue, job_id, priority, created_at, published_at)
    SELECT id, 'q', CONCAT('j', id), 1, NOW(3) - INTERVAL 1 HOUR, IF(id % 1000 = 0, NULL, NOW(3))
      FROM phase_run`.execute(executor);
  await sql`ANALYZE TABLE sector, phase_run, message, outbox`.execute(executor);
}

/** Rows that the engine read for it, whether they were wanted or not. */
async function rowsRead(
  work: (executor: Executor) => Promise<unknown>,
): Promise<{ read: number; rows: number }> {
  const before = await handlerReads();
  const answer = await work(db);
  const read = (await handlerReads()) - before;
  return { read, rows: Array.isArray(answer) ? answer.length : 1 };
}

async function handlerReads(): Promise<number> {
  const { rows } = await sql<{ Value: string }>`SHOW SESSION STATUS LIKE 'Handler_read%'`.execute(db);
  return rows.reduce((sum, row) => sum + Number(row.Value), 0);
}

const page = { limit: 500 };
const expired = 60_000;

test.each<[string, (executor: Executor) => Promise<unknown>]>([
  ['queued runs', (d) => listQueuedRuns(d, { ...page, afterId: 0 })],
  ['due runs', (d) => listDueRuns(d, 500)],
  ['expired runs', (d) => listExpiredRuns(d, expired, 500)],
  ['runs of a worker', (d) => listRunsOfWorker(d, 'host-b')],
  ['runs of a sector', (d) => listRunsOfSector(d, { miner: 1000, number: 7_001 })],
  ['running runs of the page', (d) => listRunningRuns(d, ['host-b'])],
  ['runs by status', (d) => countRunsByStatus(d)],
  ['the outbox', (d) => listUnpublished(d, { ...page, olderThanMs: 300 })],
  ['pruning of the outbox', (d) => pruneOutbox(d, 3_600_000, 1_000)],
  ['sectors of a state', (d) => listSectors(d, { ...page, states: ['WaitSeed'] })],
  [
    'sectors of a state and miner',
    (d) => listSectors(d, { ...page, states: ['CommitBatching'], miner: 1000 }),
  ],
  [
    'sectors of several states',
    (d) => listSectors(d, { ...page, states: ['WaitSeed', 'Commit1', 'Commit2', 'ClearCache'] }),
  ],
  [
    'a later page of sectors',
    (d) => listSectors(d, { ...page, states: ['WaitSeed'], after: { miner: 1000, number: 19_000 } }),
  ],
  [
    'any sectors, far into the table',
    (d) => listSectors(d, { ...page, after: { miner: 1000, number: 19_000 } }),
  ],
  [
    'sectors on a message',
    (d) =>
      listSectorsOnMessage(d, { ...page, activity: 'commit', state: 'CommitWait', messageStates: ['final'] }),
  ],
  ['due messages', (d) => listMessages(d, { ...page, states: ['pushed', 'landed'], isDue: true })],
  ['messages with a nonce', (d) => listFlights(d)],
  ['due intents', (d) => listDueIntents(d, 500)],
  ['messages that nobody waits for', (d) => listForsaken(d)],
  ['nodes of pushed messages', (d) => listNodesOfPushed(d)],
  ['the newest nonces of a sender', (d) => listNoncesOf(d, 't3x', 19_000)],
  ['what a sender has promised', (d) => reservedFunds(d, 't3x')],
  [
    'open messages of a miner',
    (d) => listMessages(d, { limit: 1, states: ['intent', 'nonce'], miner: 1000 }),
  ],
  ['sectors of a worker', (d) => listHeldSectors(d, 'host-a')],
  ['parked sectors', (d) => listParkedSectors(d, 50)],
])('%s are found without reading a table', async (_what, work) => {
  const { read, rows } = await rowsRead(work);
  expect({ read, rows }).toSatisfy(() => read <= 1_000 + 4 * rows);
});

test('the tables are as large as they are said to be', async () => {
  const { rows } = await sql<{ n: number }>`SELECT COUNT(*) AS n FROM phase_run`.execute(db);
  expect(Number(rows[0]?.n)).toBe(4 * SECTORS);
});
