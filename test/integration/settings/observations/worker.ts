import { expect } from 'vitest';
import type { SettingName } from '#config';
import { findLease, findWorker, insertSector } from '#db';
import { waitFor } from '#testing';
import { MINER } from '../../workers/support/fleet.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';
import { WORKER, type WorkerBench } from '../support/worker-bench.ts';

type WorkerSetting = Extract<
  SettingName,
  | 'worker.max_sectors'
  | 'worker.class'
  | 'worker.heartbeat_interval'
  | 'worker.lease_ttl'
  | 'worker.poll_interval'
>;

const HERE = `worker:${WORKER}`;

export const AGENT: Observations<WorkerSetting, WorkerBench> = {
  /** Two sectors hold workspace here: with room for two no third is begun, with room for three it is. */
  'worker.max_sectors': async (bench) => {
    const { kysely } = bench.fleet.database;
    await bench.given('worker.max_sectors', '2', HERE);
    for (const number of [1, 2]) {
      const sector = { miner: MINER, number, state: 'PreCommitWait', kind: 'cc', seal_proof: 5 } as const;
      await insertSector(kysely, { ...sector, worker: WORKER });
    }
    const id = await bench.sectorWithRun('add-piece');
    await bench.given('worker.limit.add-piece', '2', HERE);
    await waitFor(() => bench.agent.choice?.refusals.some((one) => one.code === 'max-sectors'), {
      ...IN_FORCE,
      what: 'the refusal',
    });
    await stays('not begun', async () => (await bench.runs(id))[0]?.claim === 0);
    await bench.change('worker.max_sectors', '3', HERE);
    await waitFor(async () => ((await bench.runs(id))[0]?.claim ?? 0) > 0, IN_FORCE);
    await kysely.updateTable('sector').set({ worker: null }).execute();
  },

  /** The worker is registered with it, and takes the limits of the class. */
  'worker.class': async (bench) => {
    await bench.given('worker.limit.unseal', '7', 'class:big');
    await bench.given('worker.limit.unseal', '1');
    expect((await bench.agent.view()).limits.unseal).toBe(1);
    await bench.change('worker.class', 'big', HERE);
    await waitFor(async () => (await bench.agent.view()).limits.unseal === 7, IN_FORCE);
    const registered = async () => (await findWorker(bench.fleet.database.kysely, WORKER))?.class;
    await waitFor(async () => (await registered()) === 'big', IN_FORCE);
  },

  'worker.heartbeat_interval': async (bench) => {
    const beat = async () =>
      (await findWorker(bench.fleet.database.kysely, WORKER))?.heartbeat_at.getTime() ?? 0;
    await bench.given('worker.heartbeat_interval', '1m');
    // A beat that was due already may still be under way.
    await waitFor(async () => {
      const last = await beat();
      await stays('silent', async () => (await beat()) === last);
      return true;
    }, IN_FORCE);
    await bench.change('worker.heartbeat_interval', '200ms');
    for (let beats = 0; beats < 3; beats++) {
      const last = await beat();
      await waitFor(async () => (await beat()) > last, IN_FORCE);
    }
  },

  /** Renewed with the new term at once, not at a third of the old one. */
  'worker.lease_ttl': async (bench) => {
    const left = async () => {
      const lease = await findLease(bench.fleet.database.kysely, HERE);
      return (lease?.expires_at.getTime() ?? 0) - Date.now();
    };
    expect(await left()).toBeLessThan(40_000);
    await bench.change('worker.lease_ttl', '10m');
    await waitFor(async () => (await left()) > 500_000, IN_FORCE);
    await bench.change('worker.lease_ttl', '20s');
    await waitFor(async () => (await left()) < 30_000, IN_FORCE);
  },

  /** A job whose marker Redis has lost is found by looking alone, again and again. */
  'worker.poll_interval': async (bench) => {
    const { bus } = bench.fleet;
    await bench.given('worker.poll_interval', '5m');
    await bench.given('worker.limit.add-piece', '2');
    await waitFor(() => bench.agent.choice?.candidates.some((one) => one.phase === 'add-piece'), IN_FORCE);
    // Jobs added to a paused queue leave no marker, and nobody is woken when the pause is lifted by hand.
    const unnoticed = async () => {
      await bus.queue('add-piece').pause();
      const id = await bench.sectorWithRun('add-piece');
      await bus.client.hdel(bus.key('add-piece', 'meta'), 'paused');
      return id;
    };
    const taken = async (id: Awaited<ReturnType<typeof unnoticed>>) =>
      ((await bench.runs(id))[0]?.claim ?? 0) > 0;
    const first = await unnoticed();
    await stays('unnoticed', async () => !(await taken(first)));
    await bench.change('worker.poll_interval', '200ms');
    await waitFor(() => taken(first), IN_FORCE);
    const second = await unnoticed();
    await waitFor(() => taken(second), IN_FORCE);
  },
};
