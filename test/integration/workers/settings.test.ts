import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PHASE_NAMES } from '#core';
import { findLease, findWorker, listLandedFiles, listRunsOfSector } from '#db';
import { waitFor } from '#testing';
import type { HostAgent } from '#workers';
import { createFleet, type Fleet } from './support/fleet.ts';

/** A change by plain SQL is in force within 2 s, plus what it takes to be seen from outside. */
const IN_FORCE = { deadlineMs: 5_000 };

let fleet: Fleet;
let agent: HostAgent;
let number = 100;

beforeAll(async () => {
  fleet = await createFleet();
  agent = await fleet.startAgent({
    name: 'host-s',
    class: () => fleet.settings.get('worker.class', { worker: 'host-s' }),
  });
});
afterAll(() => fleet.close());

describe('a setting changed by plain SQL is in force on a worker that runs:', () => {
  test('worker.limit.PHASE, each of them', async () => {
    expect(Object.values((await agent.view()).limits)).toEqual(PHASE_NAMES.map(() => 0));
    for (const [index, phase] of PHASE_NAMES.entries()) {
      await fleet.set(`worker.limit.${phase}`, 'worker:host-s', `${index + 1}`);
    }
    const expected = Object.fromEntries(PHASE_NAMES.map((phase, index) => [phase, index + 1]));
    await waitFor(async () => isDeepStrictEqual((await agent.view()).limits, expected), IN_FORCE);
    await waitFor(() => {
      const served = new Set(agent.choice?.candidates.map((one) => one.phase));
      return PHASE_NAMES.every((phase) => served.has(phase));
    }, IN_FORCE);
    await fleet.database.kysely.deleteFrom('setting').execute();
    await waitFor(() => agent.choice?.candidates.length === 0, IN_FORCE);
  });

  test('worker.max_sectors', async () => {
    for (const phase of ['add-piece', 'precommit1', 'precommit2'])
      await fleet.set(`worker.limit.${phase}`, '*', '1');
    number += 1;
    await fleet.untilState(await fleet.addSector(number), 'PreCommitBatching');
    await fleet.set('worker.max_sectors', 'worker:host-s', '1');
    await waitFor(() => agent.choice?.refusals.some((one) => one.code === 'max-sectors'), IN_FORCE);
    await fleet.set('worker.max_sectors', 'worker:host-s', '2');
    await waitFor(() => agent.choice?.candidates.some((one) => one.phase === 'add-piece'), IN_FORCE);
    await fleet.set('worker.max_sectors', 'worker:host-s', '0');
  });

  test('worker.class', async () => {
    await fleet.set('worker.class', 'worker:host-s', 'big');
    await waitFor(async () => (await findWorker(fleet.database.kysely, 'host-s'))?.class === 'big', IN_FORCE);
    await fleet.set('worker.limit.unseal', 'class:big', '7');
    await fleet.set('worker.limit.unseal', '*', '1');
    await waitFor(async () => (await agent.view()).limits.unseal === 7, IN_FORCE);
  });

  test('worker.heartbeat_interval', async () => {
    const beat = async () => (await findWorker(fleet.database.kysely, 'host-s'))?.heartbeat_at.getTime() ?? 0;
    await fleet.set('worker.heartbeat_interval', '*', '200ms');
    await waitFor(async () => {
      const first = await beat();
      return waitFor(async () => (await beat()) > first, { deadlineMs: 1_000 });
    }, IN_FORCE);
  });

  test('worker.lease_ttl', async () => {
    const left = async () => {
      const lease = await findLease(fleet.database.kysely, 'worker:host-s');
      return (lease?.expires_at.getTime() ?? 0) - Date.now();
    };
    await fleet.set('worker.lease_ttl', '*', '600s');
    // Renewals come every third of the old time.
    await waitFor(async () => (await left()) > 300_000, { deadlineMs: 15_000, intervalMs: 100 });
  });

  test('worker.poll_interval', async () => {
    await fleet.set('worker.poll_interval', '*', '300s');
    await fleet.settings.refresh();
    // Nothing wakes the worker for a job whose marker is gone but its poll.
    await fleet.bus.queue('add-piece').pause();
    number += 1;
    const id = await fleet.addSector(number);
    await fleet.bus.client.hdel(fleet.bus.key('add-piece', 'meta'), 'paused');
    await fleet.set('worker.poll_interval', '*', '200ms');
    await waitFor(async () => (await fleet.sector(id)).state !== 'AddPiece', IN_FORCE);
    await fleet.untilState(id, 'PreCommitBatching');
  });

  test('seal.check_seeds', async () => {
    await fleet.set('seal.check_seeds', '*', '3');
    await fleet.settings.refresh();
    number += 1;
    const id = await fleet.addSector(number);
    await fleet.untilState(id, 'PreCommitBatching');
    const runs = await listRunsOfSector(fleet.database.kysely, id, ['done']);
    expect(runs.find((run) => run.phase === 'precommit2')?.result).toMatchObject({ checkedSeeds: 3 });
  });

  test('sector.keep_unsealed and storage.min_free', async () => {
    for (const phase of ['commit1', 'landing'])
      await fleet.set(`worker.limit.${phase}`, 'worker:host-s', '1');
    await fleet.set('sector.keep_unsealed', 'miner:1000', 'true');
    await fleet.set('storage.min_free', '*', '100TiB');
    await fleet.set('sector.retry.backoff_percent', '*', '0');
    await fleet.settings.refresh();
    number += 1;
    const id = await fleet.addSector(number, '2KiB', async () => undefined);
    await fleet.untilState(id, 'PreCommitBatching');
    await fleet.preCommit(id);
    const failed = await waitFor(async () => {
      const runs = await listRunsOfSector(fleet.database.kysely, id, ['failed']);
      return runs.find((run) => run.phase === 'landing');
    });
    expect(failed).toMatchObject({ error_code: 'STORAGE_NO_PATH' });
    expect(failed.error_message).toContain('stay free');
    await fleet.set('storage.min_free', '*', '1MiB');
    await fleet.settings.refresh();
    await waitFor(
      async () => {
        const sector = await fleet.sector(id);
        if (sector.state === 'Parked') await fleet.apply(id, { type: 'resume' });
        return sector.landed_at !== null;
      },
      { what: 'the landing' },
    );
    expect(await listLandedFiles(fleet.database.kysely, id, 'unsealed')).toHaveLength(1);
  });
});
