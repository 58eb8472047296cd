import type { SettingName } from '#config';
import { heartbeatWorker, insertSector, listSectors, registerWorker } from '#db';
import type { HostReport } from '#sched';
import { waitFor } from '#testing';
import type { CoordinatorBench } from '../support/coordinator-bench.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';

const REPORT: HostReport = {
  running: {},
  limits: { 'add-piece': 1, precommit1: 1_000 },
  sectors: 0,
  maxSectors: 0,
  devices: [],
  takes: ['add-piece'],
  refusals: [],
  wants: 1,
};

/** A worker that would begin one sector, whenever it is asked; nothing waits to be begun. */
async function wanting({ rig }: CoordinatorBench): Promise<void> {
  const { kysely } = rig.modules.db;
  const registration = { bootId: 'b', hostEpoch: 1, pid: 1, version: '0', capabilities: {} };
  await registerWorker(kysely, { name: 'host-p', ...registration });
  await heartbeatWorker(kysely, 'host-p', 1, { ...REPORT });
  await rig.work();
}

const count = async ({ rig }: CoordinatorBench): Promise<number> =>
  (await listSectors(rig.modules.db.kysely, { miner: rig.miner, limit: 10_000 })).length;

/** Nothing is pledged although a worker wants it; then something is. */
async function begins(
  bench: CoordinatorBench,
  withheld: readonly (readonly [SettingName, string])[],
  change: readonly [SettingName, string],
): Promise<void> {
  await bench.given('pledge.interval', '200ms');
  for (const [name, value] of withheld) await bench.given(name, value);
  await wanting(bench);
  const before = await count(bench);
  await stays('none pledged', async () => (await count(bench)) === before);
  await bench.change(...change);
  await waitFor(async () => (await count(bench)) > before, IN_FORCE);
}

export const PLEDGE: Observations<Extract<SettingName, `pledge.${string}`>, CoordinatorBench> = {
  'pledge.auto': (bench) => begins(bench, [], ['pledge.auto', 'true']),

  'pledge.max_in_flight': async (bench) => {
    // One is in flight for certain.
    await begins(bench, [], ['pledge.auto', 'true']);
    await bench.given('pledge.auto', 'false');
    await begins(
      bench,
      [
        ['pledge.max_in_flight', '1'],
        ['pledge.auto', 'true'],
      ],
      ['pledge.max_in_flight', '0'],
    );
  },

  'pledge.max_parked': async (bench) => {
    const { rig } = bench;
    const { kysely } = rig.modules.db;
    const id = { miner: rig.miner, number: 900_001 };
    await insertSector(kysely, {
      ...{ ...id, state: 'Parked', parked_from: 'PreCommit1', kind: 'cc', seal_proof: 5 },
    });
    await begins(
      bench,
      [
        ['pledge.max_parked', '1'],
        ['pledge.auto', 'true'],
      ],
      ['pledge.max_parked', '0'],
    );
    await kysely.deleteFrom('sector').where('number', '=', id.number).execute();
  },

  'pledge.balance_floor': (bench) =>
    begins(
      bench,
      [
        ['pledge.balance_floor', '1000000000 FIL'],
        ['pledge.auto', 'true'],
      ],
      ['pledge.balance_floor', '0 FIL'],
    ),

  /** What is begun is followed by the next, again and again, at the new pace. */
  'pledge.interval': async (bench) => {
    await bench.given('pledge.interval', '1h');
    await bench.given('pledge.auto', 'true');
    // The pass that the change itself woke may still come.
    const before = await waitFor(async () => {
      await wanting(bench);
      const now = await count(bench);
      await stays('none pledged', async () => (await count(bench)) === now);
      return now;
    }, IN_FORCE);
    await bench.change('pledge.interval', '200ms');
    for (let times = 1; times <= 2; times++) {
      await wanting(bench);
      await waitFor(async () => (await count(bench)) >= before + times, IN_FORCE);
    }
  },
};
