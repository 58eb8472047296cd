import { BeeproError, type SectorId, sealProofById, sectorName } from '#core';
import { type Database, findSectorOnNetwork, noteRunProgress } from '#db';
import type { Logger } from '#log';
import type { Workspace } from '#storage';
import type { ActiveRun } from './active-run.ts';
import type { AgentSettings } from './agent-settings.ts';
import type { C1Inbox } from './c1-stream/inbox.ts';
import type { ChainFacts } from './chain-facts.ts';
import type { PhaseContext } from './phases/index.ts';

interface Modules {
  readonly worker: string;
  readonly database: Database;
  readonly chain: ChainFacts;
  readonly settings: AgentSettings;
  readonly workspace: Workspace;
  readonly inbox: C1Inbox;
}

/**
 * What a phase's run is given: its sector as MySQL has it now, and what it may ask of this worker.
 * @throws BeeproError `NOT_FOUND`, and what MySQL says
 */
export async function openPhaseContext(modules: Modules, run: ActiveRun, log: Logger): Promise<PhaseContext> {
  const { database, workspace } = modules;
  const id: SectorId = { miner: run.row.miner, number: run.row.number };
  const load = async () => {
    const found = await findSectorOnNetwork(database.kysely, id);
    if (!found) throw new BeeproError('NOT_FOUND', { what: 'sector', name: sectorName(id) });
    return found;
  };
  const { row, network } = await load();
  const proof = sealProofById(row.seal_proof);
  if (!proof) throw new BeeproError('INTERNAL', { detail: `seal proof ${row.seal_proof} is unknown` });
  run.proof = proof;
  // What was just read serves the phase's first question; whatever it asks later is read anew.
  let justRead: typeof row | undefined = row;
  const sector = async () => {
    const known = justRead ?? (await load()).row;
    justRead = undefined;
    return known;
  };
  return {
    run: run.row,
    get fence() {
      return run.fence;
    },
    id,
    proof,
    network,
    worker: modules.worker,
    database,
    chain: modules.chain,
    settings: modules.settings,
    workspace,
    inbox: modules.inbox,
    sealerSector: { ...id, proof: proof.id, dir: workspace.dir(id) },
    log,
    signal: run.signal,
    sector,
    requireClaim: async () => {
      run.signal.throwIfAborted();
      if (!(await noteRunProgress(database.kysely, run.fence, {}))) throw new BeeproError('SEALER_CANCELLED');
    },
    progress: () => undefined,
    seal: async (step, op, params) => {
      run.signal.throwIfAborted();
      if (!run.sealer) throw new BeeproError('INTERNAL', { detail: `${run.phase} has no sealer` });
      return run.sealer.request(step, op, params);
    },
    standIn: async () => run.sealer?.findStandIn(),
  };
}
