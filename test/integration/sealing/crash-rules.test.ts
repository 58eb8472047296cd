import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SectorId, sectorName } from '#core';
import {
  claimRun,
  findSector,
  listRunsOfSector,
  lockMinerActivity,
  type PhaseRunRow,
  requeueExpiredRun,
  transaction,
} from '#db';
import { jobPresence } from '#queues';
import { acceptRun, applyEvent, audit, commitAndPublish, moveSector, pledgeSectors } from '#sector';
import { waitFor } from '#testing';
import { Hearing, sweepExpired } from '../../../src/roles/sealing/sweeper.ts';
import { createSealingRig, honest, type SealingRig, type WorkerAnswer } from './sealing-rig.ts';
import { landingAnswer } from './storage-answers.ts';

let rig: SealingRig;
let landing: WorkerAnswer;
let id: SectorId;

beforeAll(async () => {
  rig = await createSealingRig({ paused: true });
  landing = await landingAnswer(rig);
});
afterAll(() => rig[Symbol.asyncDispose]());
beforeEach(async () => {
  const [number = -1] = await pledgeSectors(rig.modules, { miner: rig.miner, count: 1 });
  id = { miner: rig.miner, number };
});

const sector = async () => {
  const row = await findSector(rig.modules.db.kysely, id);
  if (!row) throw new Error(`${sectorName(id)} is gone`);
  return row;
};
const runs = (phase: string) =>
  listRunsOfSector(rig.modules.db.kysely, id).then((all) => all.filter((run) => run.phase === phase));

async function claim(run: PhaseRunRow, worker: string) {
  const claimed = await transaction(rig.modules.db, (trx) =>
    claimRun(trx, { runId: run.id, attempt: run.attempt, worker, hostEpoch: 1 }),
  );
  return claimed && { runId: claimed.id, attempt: claimed.attempt, claim: claimed.claim, worker };
}

async function only(phase: string): Promise<PhaseRunRow> {
  const [run, ...others] = await runs(phase);
  if (!run || others.length > 0) throw new Error(`not one run of ${phase}`);
  return run;
}

/** Takes the sector to Commit2 with both its runs claimed, by events alone. */
async function toCommit2() {
  await rig.work({ landing });
  await rig.work({ landing });
  await rig.work({ landing });
  await moveSector(rig.modules, id, {
    type: 'precommit-landed',
    precommitEpoch: 3,
    commR: (await sector()).comm_r ?? '',
  });
  await moveSector(rig.modules, id, {
    type: 'seed-ready',
    seed: 'ab'.repeat(32),
    seedEpoch: 8,
    precommitEpoch: 3,
  });
  await rig.work({ landing });
  expect(await sector()).toMatchObject({ state: 'Commit2', proof: null, landed_at: null });
}

describe('the fence', () => {
  it('takes one of two results of the same attempt: that of the claim that counts', async () => {
    const run = await only('add-piece');
    const late = await claim(run, 'host-a');
    if (!late) throw new Error('not claimed');
    await rig.modules.db.kysely
      .updateTable('phase_run')
      .set({ heartbeat_at: new Date(Date.now() - 3_600_000) })
      .where('id', '=', run.id)
      .execute();
    expect(
      await transaction(rig.modules.db, (trx) => requeueExpiredRun(trx, late, { expiryMs: 1_000 })),
    ).toBe(true);
    const second = await claim(run, 'host-b');
    if (!second) throw new Error('not claimed again');

    const answers = [];
    for (const fence of [late, second, second]) {
      answers.push(
        await commitAndPublish(rig.modules, async (trx) => {
          const answer = await acceptRun(trx, fence, honest(run));
          return { answer, jobs: answer.status === 'accepted' ? answer.jobs : [] };
        }),
      );
    }
    expect(answers.map(({ answer }) => answer.status)).toEqual(['superseded', 'accepted', 'superseded']);
    expect(await sector()).toMatchObject({ state: 'PreCommit1', worker: 'host-b' });
    expect(await runs('precommit1')).toHaveLength(1);
    expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toEqual([]);
  });

  it('is what the audit watches: an answer under an outdated claim is found', async () => {
    const run = await only('add-piece');
    const fence = await claim(run, 'host-a');
    if (!fence) throw new Error('not claimed');
    await transaction(rig.modules.db, (trx) => acceptRun(trx, fence, honest(run)));
    await rig.modules.db.kysely.updateTable('phase_run').set({ claim: 2 }).where('id', '=', run.id).execute();
    expect(await audit(rig.modules.db.kysely, rig.modules.chain)).toMatchObject([
      { rule: 'one-acceptance', about: sectorName(id) },
    ]);
    await rig.modules.db.kysely.updateTable('phase_run').set({ claim: 1 }).where('id', '=', run.id).execute();
  });
});

describe('the join of Commit2 and landing', () => {
  it('is not lost when both commit at once', async () => {
    for (let round = 0; round < 5; round++) {
      await toCommit2();
      const fences = [
        await claim(await only('commit2'), 'host-a'),
        await claim(await only('landing'), 'host-a'),
      ];
      await Promise.all(
        fences.map(async (fence) => {
          if (!fence) throw new Error('not claimed');
          const run = await only(fence === fences[0] ? 'commit2' : 'landing');
          const result = run.phase === 'landing' ? landing(run) : honest(run);
          await transaction(rig.modules.db, (trx) => acceptRun(trx, fence, result));
        }),
      );
      expect(await sector()).toMatchObject({ state: 'ClearCache' });
      expect(await runs('clear-cache')).toHaveLength(1);
      const [number = -1] = await pledgeSectors(rig.modules, { miner: rig.miner, count: 1 });
      id = { miner: rig.miner, number };
    }
  });
});

describe('Redis is no truth', () => {
  it('gets back what it lost, and what it keeps only as ended', async () => {
    const run = await only('add-piece');
    const jobId = `add-piece-${sectorName(id)}-a1`;
    const presence = () => jobPresence(rig.modules.bus, 'add-piece', jobId);
    expect(await presence()).toBe('waiting');
    await rig.modules.bus.queue('add-piece').remove(jobId);
    expect(await presence()).toBe('absent');
    const coordinator = rig.start();
    try {
      await waitFor(async () => (await presence()) === 'waiting', { what: 'the lost job is back' });
    } finally {
      await coordinator.stop();
    }
    expect(await only('add-piece')).toMatchObject({ id: run.id, status: 'queued', attempt: 1 });
  });

  it('gets what was committed while nobody could publish', async () => {
    await transaction(rig.modules.db, (trx) => applyEvent(trx, id, { type: 'redo' }));
    const jobId = `add-piece-${sectorName(id)}-a2`;
    expect(await jobPresence(rig.modules.bus, 'add-piece', jobId)).toBe('absent');
    const coordinator = rig.start();
    try {
      await waitFor(async () => (await jobPresence(rig.modules.bus, 'add-piece', jobId)) === 'waiting');
    } finally {
      await coordinator.stop();
    }
    expect((await runs('add-piece')).map((run) => run.status)).toEqual(['superseded', 'queued']);
  });
});

describe('a claim without a heartbeat', () => {
  it('goes to the next, and counts as a failure when it crashes again and again', async () => {
    await rig.set('worker.heartbeat_expiry', '1s');
    await rig.set('sector.retry.backoff_percent', '1');
    const coordinator = rig.start();
    try {
      for (let crash = 1; crash <= 3; crash++) {
        const run = await only('add-piece');
        expect(run.crashes).toBe(crash - 1);
        await claim(run, `host-${crash}`);
        await waitFor(async () => {
          const [now] = await runs('add-piece');
          return now && (now.crashes === crash || now.status === 'failed');
        });
      }
      const attempts = await waitFor(async () => {
        const all = await runs('add-piece');
        return all.length === 2 && all;
      });
      expect(attempts.map((run) => run.error_code)).toEqual(['WORKER_CRASHED', null]);
      expect(await sector()).toMatchObject({
        state: 'AddPiece',
        worker: null,
        recoveries: { 'add-piece.crash': 1 },
      });
    } finally {
      await coordinator.stop();
      await rig.set('worker.heartbeat_expiry', '60s');
    }
  });
});

describe('a silence that nobody could have heard', () => {
  it('gives no claim away: it counts from when the sweeper itself can hear', async () => {
    await rig.set('worker.heartbeat_expiry', '1s');
    const run = await only('add-piece');
    await claim(run, 'host-a');
    const anHourAgo = { heartbeat_at: new Date(Date.now() - 3_600_000) };
    await rig.modules.db.kysely.updateTable('phase_run').set(anHourAgo).where('id', '=', run.id).execute();
    // As in the moment after an outage of MySQL, or when the sealing role has just started.
    const hearing = new Hearing();
    const sweep = () => sweepExpired(rig.modules, AbortSignal.timeout(60_000), hearing);
    const status = async () => (await only('add-piece')).status;
    await sweep();
    expect(await status()).toBe('running');
    await waitFor(async () => {
      await sweep();
      return (await status()) === 'queued';
    });
    await rig.set('worker.heartbeat_expiry', '60s');
  });
});

describe('batches', () => {
  it('are formed by one at a time: the second waits for the lock of (miner, activity)', async () => {
    const order: string[] = [];
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const first = transaction(rig.modules.db, async (trx) => {
      await lockMinerActivity(trx, rig.miner, 'precommit');
      order.push('first');
      await released;
      order.push('first done');
    });
    await waitFor(() => order.length === 1);
    const second = transaction(rig.modules.db, async (trx) => {
      await lockMinerActivity(trx, rig.miner, 'precommit');
      order.push('second');
    });
    release();
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'first done', 'second']);
  });
});
