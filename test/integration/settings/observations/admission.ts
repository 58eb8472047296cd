import type { SettingName } from '#config';
import { PHASE_NAMES, type Phase } from '#core';
import { insertSector } from '#db';
import type { RefusalCode } from '#sched';
import { waitFor } from '#testing';
import { MINER } from '../../workers/support/fleet.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';
import { WORKER, type WorkerBench } from '../support/worker-bench.ts';

type AdmissionSetting = Extract<
  SettingName,
  `worker.memory.${Phase}` | 'worker.memory_keep_free' | 'worker.scratch_keep_free' | 'worker.sector_space'
>;

/** A sector lies on the worker, and it may run one of the phase; `too` much makes it refuse that for the reason. */
async function refusedThenServed(
  bench: WorkerBench,
  phase: Phase,
  setting: AdmissionSetting,
  code: RefusalCode,
  [tooMuch, little]: readonly [string, string],
): Promise<void> {
  const { kysely } = bench.fleet.database;
  const sector = { miner: MINER, number: 3, state: 'PreCommitWait', kind: 'cc', seal_proof: 5 } as const;
  await insertSector(kysely, { ...sector, worker: WORKER });
  const refused = () =>
    bench.agent.choice?.refusals.some((one) => one.phase === phase && one.code === code) ?? false;
  const served = () => bench.agent.choice?.candidates.some((one) => one.phase === phase) ?? false;
  try {
    await bench.given(setting, tooMuch);
    await bench.given(`worker.limit.${phase}`, '1');
    await waitFor(refused, { ...IN_FORCE, what: `the refusal of ${phase}` });
    await stays('refused', () => refused() && !served());
    await bench.change(setting, little);
    await waitFor(served, { ...IN_FORCE, what: `${phase} to be served` });
  } finally {
    await kysely.deleteFrom('sector').where('number', '=', sector.number).execute();
  }
}

/** Committed by plain SQL, in force on the worker's next look: what a run is counted with, and what is left to others. */
export const ADMISSION: Observations<AdmissionSetting, WorkerBench> = {
  ...(Object.fromEntries(
    PHASE_NAMES.map((phase) => [
      `worker.memory.${phase}`,
      (bench: WorkerBench) =>
        refusedThenServed(bench, phase, `worker.memory.${phase}`, 'memory', ['2KiB=16TiB', '2KiB=1MiB']),
    ]),
  ) as Record<`worker.memory.${Phase}`, (bench: WorkerBench) => Promise<void>>),

  'worker.memory_keep_free': (bench) =>
    refusedThenServed(bench, 'precommit1', 'worker.memory_keep_free', 'memory', ['16TiB', '0']),

  'worker.scratch_keep_free': (bench) =>
    refusedThenServed(bench, 'add-piece', 'worker.scratch_keep_free', 'scratch', ['1024TiB', '0']),

  'worker.sector_space': (bench) =>
    refusedThenServed(bench, 'add-piece', 'worker.sector_space', 'scratch', ['2KiB=1024TiB', '2KiB=1MiB']),
};
