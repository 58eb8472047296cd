import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type SectorId, sealProof } from '#core';
import { findWorker, insertSector, registerWorker, serverTimeIn, setRunOffered, transaction } from '#db';
import { publishJob } from '#queues';
import { offerJob, publishJobs, startRun } from '#sector';
import { waitFor } from '#testing';
import { MINER } from '../../workers/support/fleet.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';
import { WORKER, type WorkerBench } from '../support/worker-bench.ts';

type OutsourceSetting = 'c2.outsource' | 'c2.share_dir' | 'worker.accept_outside_c2' | 'worker.rehome_after';

const OTHER = 'host-other';
let number = 5_000;

/** A sector of another host, with a C2 that waits in that host's queue. */
async function foreignC2({ fleet }: WorkerBench): Promise<SectorId> {
  const { database, bus } = fleet;
  await registerOther(fleet.database);
  number += 1;
  const id = { miner: MINER, number };
  const job = await transaction(database, async (trx) => {
    await insertSector(trx, {
      ...id,
      state: 'Commit2',
      kind: 'cc',
      seal_proof: sealProof('2KiB', 'interactive').id,
      worker: OTHER,
    });
    return startRun(trx, id, OTHER, { phase: 'commit2', delayMs: 0 });
  });
  await publishJobs(database.kysely, bus, job ? [job] : []);
  return id;
}

function registerOther(database: WorkerBench['fleet']['database']) {
  return registerWorker(database.kysely, {
    name: OTHER,
    bootId: 'another machine',
    hostEpoch: 1,
    pid: 1,
    version: 'test',
    capabilities: { listen: 'http://10.0.0.9:8850' },
  });
}

export const OUTSOURCE: Observations<OutsourceSetting, WorkerBench> = {
  /** C2 that another host has offered is left alone, until the worker accepts such. */
  'worker.accept_outside_c2': async (bench) => {
    const { database, bus } = bench.fleet;
    await bench.given('worker.limit.commit2', '1', `worker:${WORKER}`);
    const id = await foreignC2(bench);
    const [run] = await bench.runs(id);
    if (!run) throw new Error('no run');
    await setRunOffered(database.kysely, run.id, true);
    await publishJob(bus, offerJob(run));
    const claims = async () => (await bench.runs(id))[0]?.claim ?? 0;
    await stays('not taken', async () => (await claims()) === 0);
    await bench.change('worker.accept_outside_c2', 'true', `worker:${WORKER}`);
    await waitFor(async () => (await claims()) > 0, { ...IN_FORCE, what: 'the claim' });
    // No C2 is to be computed here.
    await bench.given('worker.limit.commit2', '0', `worker:${WORKER}`);
  },

  /** A host without a report runs no C2, as far as anybody knows: its C2 is offered once it may be. */
  'c2.outsource': async (bench) => {
    await bench.given('c2.outsource', 'off');
    const id = await foreignC2(bench);
    const offered = async () => (await bench.runs(id))[0]?.offered_at !== null;
    await stays('not offered', async () => !(await offered()));
    await bench.change('c2.outsource', 'overflow', `worker:${OTHER}`);
    await waitFor(offered, { ...IN_FORCE, what: 'the offer' });
    await bench.change('c2.outsource', 'off', `worker:${OTHER}`);
    await waitFor(async () => !(await offered()), { ...IN_FORCE, what: 'the withdrawal' });
  },

  /** Two sectors are sealed; Commit1 of the second leaves a copy in the folder. */
  'c2.share_dir': async (bench) => {
    const { fleet } = bench;
    const share = join(fleet.folder, 'share');
    await mkdir(share);
    for (const phase of ['precommit1', 'precommit2', 'commit1', 'add-piece'] as const)
      await bench.given(`worker.limit.${phase}`, '2');
    number += 2;
    const ids = [await fleet.addSector(number - 1), await fleet.addSector(number)] as const;
    for (const id of ids) await fleet.untilState(id, 'PreCommitBatching');
    const output = async (id: SectorId) => (await fleet.sector(id)).commit1_output;
    const [first, second] = ids;
    await fleet.preCommit(first);
    expect((await waitFor(() => output(first), { deadlineMs: 30_000 })).shared).toBeUndefined();
    await bench.change('c2.share_dir', share);
    await waitFor(() => fleet.settings.get('c2.share_dir') === share, IN_FORCE);
    await fleet.preCommit(second);
    const { shared } = await waitFor(() => output(second), { deadlineMs: 30_000 });
    expect(shared?.startsWith(share) && existsSync(shared)).toBe(true);
  },

  /** A worker that has been silent for an hour keeps its sectors, until that is too long. */
  'worker.rehome_after': async (bench) => {
    const { database } = bench.fleet;
    await bench.given('worker.heartbeat_expiry', '1s');
    await registerOther(database);
    await database.kysely
      .updateTable('worker')
      .set({ heartbeat_at: serverTimeIn(-3_600_000) })
      .where('name', '=', OTHER)
      .execute();
    const id = await bench.sectorWithRun('precommit1', { worker: OTHER });
    const state = async () => (await findWorker(database.kysely, OTHER))?.state;
    await stays('active', async () => (await state()) === 'active');
    await bench.change('worker.rehome_after', '2h', `worker:${OTHER}`);
    await stays('active', async () => (await state()) === 'active');
    await bench.change('worker.rehome_after', '10m', `worker:${OTHER}`);
    await waitFor(async () => (await state()) === 'removed', { ...IN_FORCE, what: 'the removal' });
    await waitFor(async () => (await bench.fleet.sector(id)).state === 'AddPiece', IN_FORCE);
    expect(await bench.fleet.sector(id)).toMatchObject({ worker: null });
  },
};
