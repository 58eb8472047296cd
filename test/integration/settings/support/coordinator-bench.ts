import type { SettingName } from '#config';
import type { SectorState } from '#core';
import { findSector, type SectorRow } from '#db';
import { pledgeSectors } from '#sector';
import { waitFor } from '#testing';
import { piecesDuty, pledgeDuty, startSealing } from '../../../../src/roles/sealing/index.ts';
import { createSealingRig, type SealingRig, type WorkerAnswer } from '../../sealing/sealing-rig.ts';
import { landingAnswer } from '../../sealing/storage-answers.ts';
import { changeBySql } from './observation.ts';

/** A coordinator that runs all its duties against a devnet whose blocks come when told. */
export interface CoordinatorBench extends AsyncDisposable {
  readonly rig: SealingRig;
  /** Sets a value and waits until it is in force: what the observation starts from. */
  given(name: SettingName, value: string): Promise<void>;
  /** The change that is observed: plain SQL, and nobody is told. */
  change(name: SettingName, value: string): Promise<void>;
  /** Forgets all settings but what makes the bench quick. */
  reset(): Promise<void>;
  sector(number: number): Promise<SectorRow>;
  /** New sectors, brought to this state: runs are answered and blocks mined until they are there. */
  bring(count: number, state: SectorState): Promise<readonly number[]>;
  /** Mines and answers runs until the condition holds. */
  until<T>(what: string, condition: () => Promise<T>): Promise<NonNullable<T>>;
}

const QUICK: readonly (readonly [SettingName, string])[] = [
  ['batch.precommit.wait', '0s'],
  ['batch.commit.wait', '0s'],
  ['chain.poll_interval', '100ms'],
  ['chain.confidence.commit', '3'],
  ['chain.confidence.final', '3'],
];
/** The coordinator looks for changed settings as often as a wake-up by Redis would make it. */
const POLL_MS = 150;

export async function createCoordinatorBench(): Promise<CoordinatorBench> {
  const rig = await createSealingRig({ paused: true }, { pollMs: POLL_MS });
  const { db, settings } = rig.modules;
  const landing: WorkerAnswer = await landingAnswer(rig);
  const coordinator = startSealing(rig.modules, [piecesDuty(rig.modules), pledgeDuty(rig.modules)]);
  const change = (name: SettingName, value: string) => changeBySql(db, name, value);
  const sector = async (number: number) => {
    const row = await findSector(db.kysely, { miner: rig.miner, number });
    if (!row) throw new Error(`sector ${number} is gone`);
    return row;
  };
  const until: CoordinatorBench['until'] = async (what, condition) =>
    waitFor(
      async () => {
        await rig.work({ landing });
        const found = await condition();
        if (!found) await rig.devnet.control.mine();
        return found;
      },
      { what, deadlineMs: 40_000, intervalMs: 60 },
    ) as Promise<NonNullable<Awaited<ReturnType<typeof condition>>>>;
  return {
    rig,
    change,
    sector,
    until,
    given: async (name, value) => {
      await change(name, value);
      await settings.refresh();
    },
    reset: async () => {
      await db.kysely.deleteFrom('setting').execute();
      for (const [name, value] of QUICK) await change(name, value);
      await settings.refresh();
    },
    bring: async (count, state) => {
      const numbers = await pledgeSectors(rig.modules, { miner: rig.miner, count });
      await until(`${count} sectors in ${state}`, async () => {
        const rows = await Promise.all(numbers.map(sector));
        const parked = rows.find((row) => row.state === 'Parked');
        if (parked) throw new Error(`sector ${parked.number} is parked: ${parked.parked_reason}`);
        return rows.every((row) => row.state === state);
      });
      return numbers;
    },
    [Symbol.asyncDispose]: async () => {
      await coordinator.stop();
      await rig[Symbol.asyncDispose]();
    },
  };
}
