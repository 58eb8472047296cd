import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { insertSector, readPipelineTimes } from '#db';
import { precommit2First } from '#sched';
import { waitFor } from '#testing';
import { createFleet, type Fleet, MINER } from './support/fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await createFleet();
});
afterAll(() => fleet.close());

const HERE = 'worker:host-a';

test('an agent learns how long its phases and the wait for the seed take, and its turns follow', async () => {
  const { kysely } = fleet.database;
  const run = (number: number, phase: string, from: string, to: string) =>
    sql`INSERT INTO phase_run (miner, number, phase, attempt, status, queue_worker, worker, claim, input,
                               runnable_at, claimed_at, started_at, answered_at)
        VALUES (${MINER}, ${number}, ${phase}, 1, 'done', 'host-a', 'host-a', 1, '{}',
                ${from}, ${from}, ${from}, ${to})`;
  const sector = (number: number, state: 'PreCommit1' | 'WaitSeed' | 'Proving', worker: string | null) =>
    insertSector(kysely, { miner: MINER, number, state, kind: 'cc', seal_proof: 5, worker });
  await sector(1, 'Proving', null);
  await run(1, 'precommit1', '2026-01-01 00:00:00', '2026-01-01 02:00:00').execute(kysely);
  await run(1, 'precommit2', '2026-01-01 02:00:00', '2026-01-01 02:10:00').execute(kysely);
  await run(1, 'commit1', '2026-01-01 03:10:00', '2026-01-01 03:10:01').execute(kysely);

  const times = await readPipelineTimes(kysely, 'host-a', ['add-piece', 'precommit1'], 20);
  expect(times).toEqual({ durationsMs: { precommit1: 7_200_000 }, seedWaitMs: 3_600_000 });

  const agent = await fleet.startAgent();
  const learned = await waitFor(async () => {
    const view = await agent.view();
    return view.pace?.seedWaitMs === undefined ? undefined : view;
  });
  expect(learned.pace?.durationsMs).toEqual({ precommit1: 7_200_000 });
  // Two of three sectors are a fair share of PC1's two hours beside one hour of waiting for the seed.
  for (const number of [2, 3]) await sector(number, 'WaitSeed', 'host-a');
  await waitFor(async () => ((await agent.view()).pace?.states.WaitSeed ?? 0) === 2);
  const view = await agent.view();
  expect(precommit2First({ ...view, running: { precommit1: 4 } })).toBe(false);
  expect(precommit2First({ ...view, running: { precommit1: 5 } })).toBe(true);
  await agent.stop();
});

test('an agent begins no third sector before its one PC1 slot, and goes on when one has left it', async () => {
  const { kysely } = fleet.database;
  for (const number of [4, 5])
    await insertSector(kysely, {
      miner: MINER,
      number,
      state: 'PreCommit1',
      kind: 'cc',
      seal_proof: 5,
      worker: 'host-a',
    });
  await fleet.set('worker.poll_interval', HERE, '200ms');
  await fleet.set('worker.limit.precommit1', HERE, '1');
  await fleet.set('worker.limit.add-piece', HERE, '4');
  const agent = await fleet.startAgent();
  const id = await fleet.addSector(6);
  const refusal = await waitFor(() => agent.choice?.refusals.find((one) => one.code === 'pace'));
  expect(refusal).toEqual({
    phase: 'add-piece',
    code: 'pace',
    reason: '2 sectors are in PC1 or before it, which takes 1 at once',
  });
  expect((await fleet.sector(id)).state).toBe('AddPiece');
  await kysely.updateTable('sector').set({ worker: null }).where('number', '=', 4).execute();
  await waitFor(async () => (await fleet.sector(id)).worker === 'host-a', { what: 'AddPiece' });
  await agent.stop();
});
