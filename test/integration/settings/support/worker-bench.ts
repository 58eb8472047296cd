import type { SettingName } from '#config';
import { type Phase, type SectorId, type SectorState, sealProof } from '#core';
import { insertSector, listRunsOfSector, type NewSector, type PhaseRunRow, type Trx, transaction } from '#db';
import { publishJobs, startRun } from '#sector';
import type { HostAgent } from '#workers';
import { createFleet, type Fleet, MINER } from '../../workers/support/fleet.ts';
import { changeBySql } from './observation.ts';

export const WORKER = 'host-s';

/** A worker with its real sealers, and no coordinator. */
export interface WorkerBench extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly agent: HostAgent;
  /** Sets a value and waits until it is in force: what the observation starts from. */
  given(name: SettingName, value: string, scope?: string): Promise<void>;
  /** The change that is observed: plain SQL, and nobody is told. */
  change(name: SettingName, value: string, scope?: string): Promise<void>;
  /** Forgets all settings: the worker takes nothing. */
  reset(): Promise<void>;
  /**
   * A new sector with a published run of this phase, as the state machine would make them; `prepare` does before
   * what earlier phases would have.
   */
  sectorWithRun(
    phase: Phase,
    facts?: Partial<NewSector>,
    prepare?: (trx: Trx, id: SectorId) => Promise<void>,
  ): Promise<SectorId>;
  runs(id: SectorId): Promise<PhaseRunRow[]>;
}

const STATES: Readonly<Record<Phase, SectorState>> = {
  'add-piece': 'AddPiece',
  precommit1: 'PreCommit1',
  precommit2: 'PreCommit2',
  commit1: 'Commit1',
  commit2: 'Commit2',
  landing: 'Commit2',
  'clear-cache': 'ClearCache',
  unseal: 'Proving',
  'remove-files': 'Removing',
};
/** The worker looks for changed settings as often as a wake-up by Redis would make it. */
const POLL_MS = 150;

export async function createWorkerBench(): Promise<WorkerBench> {
  const fleet = await createFleet({ pollMs: POLL_MS });
  const { database, settings, bus } = fleet;
  const agent = await fleet.startAgent({
    name: WORKER,
    class: () => settings.get('worker.class', { worker: WORKER }),
  });
  const change: WorkerBench['change'] = (name, value, scope) => changeBySql(database, name, value, scope);
  let number = 1_000;
  return {
    fleet,
    agent,
    change,
    given: async (name, value, scope) => {
      await change(name, value, scope);
      await settings.refresh();
    },
    reset: async () => {
      await database.kysely.deleteFrom('setting').execute();
      await settings.refresh();
    },
    sectorWithRun: async (phase, facts = {}, prepare) => {
      number += 1;
      const id = { miner: MINER, number };
      const job = await transaction(database, async (trx) => {
        await insertSector(trx, {
          ...id,
          state: STATES[phase],
          kind: 'cc',
          seal_proof: sealProof('2KiB', 'interactive').id,
          worker: phase === 'add-piece' ? null : WORKER,
          ...facts,
        });
        await prepare?.(trx, id);
        const input = phase === 'unseal' ? { out: `${fleet.folder}/unsealed-${number}` } : {};
        return startRun(trx, id, WORKER, { phase, delayMs: 0, input });
      });
      await publishJobs(database.kysely, bus, job ? [job] : []);
      return id;
    },
    runs: (id) => listRunsOfSector(database.kysely, id),
    [Symbol.asyncDispose]: () => fleet.close(),
  };
}
