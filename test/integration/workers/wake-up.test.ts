import { sql } from 'kysely';
import { afterAll, beforeAll, test } from 'vitest';
import { findLease, listRunsOfSector, transaction } from '#db';
import { queueName } from '#queues';
import { waitFor } from '#testing';
import { createFleet, type Fleet } from './support/fleet.ts';

/** Nothing here is found by polling: whoever is not woken waits beyond every deadline. */
let fleet: Fleet;

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.openLimits();
  await fleet.set('worker.poll_interval', '*', '300s');
});
afterAll(() => fleet.close());

test('what came while the host’s lease had lapsed is taken as soon as it is held again', async () => {
  await fleet.set('worker.lease_ttl', '*', '1s');
  const agent = await fleet.startAgent();
  const { kysely } = fleet.database;
  const lease = 'worker:host-a';
  const msLeft = async () => Number((await findLease(kysely, lease))?.expires_at ?? 0) - Date.now();
  await waitFor(async () => (await msLeft()) < 1_100, { what: 'the shorter term' });
  let id = { miner: 0, number: 0 };
  await transaction(fleet.database, async (trx) => {
    // Its renewal stands until this commits, and by then the term is over.
    await sql`SELECT name FROM lease WHERE name = ${lease} FOR UPDATE`.execute(trx);
    await waitFor(async () => (await msLeft()) < 0, {
      what: 'the lease to lapse',
    });
    id = await fleet.addSector(1);
    // The host was woken for it and could not take it: the marker is there again.
    await waitFor(
      async () => (await fleet.bus.client.zcard(fleet.bus.key(queueName('add-piece'), 'marker'))) > 0,
      {
        what: 'the marker to be returned',
      },
    );
  });
  await waitFor(async () => {
    const runs = await listRunsOfSector(kysely, id);
    return runs.some((run) => run.worker === 'host-a');
  });
  await agent.stop();
});
