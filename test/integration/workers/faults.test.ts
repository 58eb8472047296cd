import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { SectorId } from '#core';
import { listRunsOfSector, transaction } from '#db';
import { identityOf } from '#sealer';
import { applyEvent } from '#sector';
import { waitFor } from '#testing';
import type { HostAgent } from '#workers';
import { createFleet, type Fleet } from './support/fleet.ts';

let fleet: Fleet;
let agent: HostAgent | undefined;
let number = 0;

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.openLimits();
  // A failed run is tried again at once: nobody here runs the sweeper, which would queue it when its pause is over.
  await fleet.set('sector.retry.backoff_percent', '*', '0');
  await fleet.settings.refresh();
});
afterEach(async () => {
  await agent?.stop();
  await fleet.set('phase.time_limit.precommit1', '*', '1d');
  await fleet.settings.refresh();
});
afterAll(() => fleet.close());

/** A sector on an agent whose sealers have this fault, each of them once, in whatever process. */
async function sealWithFault(fault: string): Promise<SectorId> {
  number += 1;
  const once = join(fleet.folder, `once-${number}`);
  await mkdir(once);
  agent = await fleet.startAgent(
    { name: `host-${number}` },
    { BEEPRO_SEALER_FAULT: fault, BEEPRO_SEALER_FAULT_ONCE: once },
  );
  return fleet.addSector(number);
}

async function failures(id: SectorId): Promise<string[]> {
  const runs = await listRunsOfSector(fleet.database.kysely, id, ['failed']);
  return runs.map((run) => `${run.phase} ${run.error_code}`);
}

describe('a sealer that', () => {
  test.each([
    ['crashes before PC1', 'crash@pre-commit-1:journalled', ['precommit1 SEALER_DIED']],
    ['crashes when PC2 has touched the replica', 'crash@pre-commit-2:touched', ['precommit2 SEALER_DIED']],
    ['crashes when PC2 is complete and unreported', 'crash@pre-commit-2:marked', ['precommit2 SEALER_DIED']],
    ['prints rubbish', 'garbage@pre-commit-1:computed', ['precommit1 SEALER_GARBAGE']],
    ['panics in PC1', 'panic@pre-commit-1:journalled', ['precommit1 SEALER_PANIC']],
    ['reports an error of the library', 'error@add-piece:journalled', ['add-piece SEALER_LIBRARY']],
  ])('%s costs one try, and the sector is sealed', async (_what, fault, expected) => {
    const id = await sealWithFault(fault);
    const sector = await fleet.untilState(id, 'PreCommitBatching');
    expect(await failures(id)).toEqual(expected);
    expect(sector.comm_r).toMatch(/^[0-9a-f]{64}$/);
  });

  test('hangs is ended at the time limit, and the phase is tried again', async () => {
    await fleet.set('phase.time_limit.precommit1', '*', '2s');
    await fleet.settings.refresh();
    const id = await sealWithFault('hang@pre-commit-1:journalled');
    const run = await waitFor(() => agent?.runs.find((one) => one.phase === 'precommit1' && one.sealer));
    const pid = await waitFor(() => run.sealer?.process?.pid);
    await fleet.untilState(id, 'PreCommitBatching');
    expect(await failures(id)).toEqual(['precommit1 WORKER_TIME_LIMIT']);
    expect(identityOf(pid)).toBeUndefined();
  });
});

test('a run whose sector went another way is stopped, its sealer with it, and nothing of it is recorded', async () => {
  const id = await sealWithFault('hang@pre-commit-1:journalled');
  const run = await waitFor(() =>
    agent?.runs.find((one) => one.phase === 'precommit1' && one.sealer?.process),
  );
  const pid = run.sealer?.process?.pid ?? 0;
  expect(identityOf(pid)).toBeDefined();
  await transaction(fleet.database, (trx) =>
    applyEvent(trx, id, { type: 'park', code: 'INTERNAL', reason: 'by the test' }),
  );
  await waitFor(() => identityOf(pid) === undefined, { what: 'the sealer to end' });
  await waitFor(() => agent?.runs.length === 0);
  expect(await failures(id)).toEqual([]);
  expect(await listRunsOfSector(fleet.database.kysely, id, ['superseded'])).toHaveLength(1);
});

test('a second agent of the same name is refused while the first holds the lease', async () => {
  agent = await fleet.startAgent({ name: 'host-twice' });
  const second = fleet.startAgent({ name: 'host-twice' });
  await expect(second).rejects.toMatchObject({ code: 'WORKER_NAME_TAKEN', severity: 'fatal' });
});

test('a draining worker takes no new sector and finishes those it has', async () => {
  agent = await fleet.startAgent({ name: 'host-drain' });
  const set = (state: 'draining' | 'active') =>
    fleet.database.kysely.updateTable('worker').set({ state }).where('name', '=', 'host-drain').execute();
  await set('draining');
  await waitFor(() =>
    agent?.choice?.refusals.some((one) => one.code === 'not-active' && one.phase === 'add-piece'),
  );
  expect(agent.choice?.candidates.some((one) => one.phase === 'precommit1')).toBe(true);
  await set('active');
  await waitFor(() => agent?.choice?.candidates.some((one) => one.phase === 'add-piece'));
});

test('a queue paused in the table is not served until it is resumed', async () => {
  agent = await fleet.startAgent({ name: 'host-pause' });
  await fleet.database.kysely.insertInto('queue_pause').values({ queue: 'add-piece', who: 'test' }).execute();
  await waitFor(() => agent?.choice?.refusals.some((one) => one.code === 'paused'));
  number += 1;
  const id = await fleet.addSector(number);
  await fleet.database.kysely.deleteFrom('queue_pause').execute();
  await fleet.untilState(id, 'PreCommitBatching');
});

test('a number that the chain has given away is refused before anything is computed', async () => {
  number += 1;
  fleet.chain.taken.add(`s-t01000-${number}`);
  agent = await fleet.startAgent({ name: 'host-taken' });
  const id = await fleet.addSector(number);
  const parked = await fleet.untilState(id, 'Parked');
  expect(parked.parked_code).toBe('SECTOR_NUMBER_TAKEN');
});
