import type { SettingName } from '#config';
import { insertSector } from '#db';
import { waitFor } from '#testing';
import { MINER } from '../../workers/support/fleet.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';
import { WORKER, type WorkerBench } from '../support/worker-bench.ts';

type PaceSetting = Extract<SettingName, 'worker.pace'>;

const HERE = `worker:${WORKER}`;

export const PACE: Observations<PaceSetting, WorkerBench> = {
  /** One PC1 at a time, and two sectors before it: a third is begun only where nobody minds. */
  'worker.pace': async (bench) => {
    const { kysely } = bench.fleet.database;
    await bench.given('worker.limit.precommit1', '1', HERE);
    for (const number of [3, 4]) {
      const sector = { miner: MINER, number, state: 'PreCommit1', kind: 'cc', seal_proof: 5 } as const;
      await insertSector(kysely, { ...sector, worker: WORKER });
    }
    const id = await bench.sectorWithRun('add-piece');
    await bench.given('worker.limit.add-piece', '1', HERE);
    await waitFor(() => bench.agent.choice?.refusals.some((one) => one.code === 'pace'), {
      ...IN_FORCE,
      what: 'the refusal',
    });
    await stays('not begun', async () => (await bench.runs(id))[0]?.claim === 0);
    await bench.change('worker.pace', 'false', HERE);
    await waitFor(async () => ((await bench.runs(id))[0]?.claim ?? 0) > 0, IN_FORCE);
    await kysely.updateTable('sector').set({ worker: null }).execute();
  },
};
