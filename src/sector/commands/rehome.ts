import { type ChainApi, lastProveCommitEpoch, networkPolicy } from '#chain';
import { idAddress } from '#codec';
import { BeeproError, formatFil, type SectorId, sectorName, toBeeproError } from '#core';
import {
  disownRuns,
  findWorker,
  insertOutbox,
  listRunsOfSector,
  listRunsOfWorker,
  listSectors,
  lockSector,
  lockWorkerState,
  markWorkerRemoved,
  meanDurations,
  type PhaseRunRow,
  releaseClaim,
  type SectorRow,
  type WorkerRow,
} from '#db';
import { applyEvent, type OutboxJob } from '../apply.ts';
import { commitAndPublish, type SectorModules } from '../change.ts';
import { type EventOf, FULL_RETRY, HOST_LOST, type Rehoming, rehome, type Stake } from '../machine/index.ts';
import { jobsOfRun } from '../run-jobs.ts';

export interface RehomeModules extends SectorModules {
  readonly chain: ChainApi;
}

/** What becomes of one sector whose files are on a worker that is lost. */
export interface RehomedSector extends SectorId {
  readonly state: SectorRow['state'];
  readonly rehoming: Rehoming;
  readonly stake?: Stake | undefined;
}

export interface RehomePlan {
  readonly worker: string;
  readonly sectors: readonly RehomedSector[];
  /** Runs of other sectors, which the worker had claimed: they are given to others. */
  readonly otherRuns: number;
}

const PAGE = 500;
/** Sealing again is reckoned to take so many times as long as it did. */
const SPARE = 2;

/** What would become of the sectors of a worker if it were lost; changes nothing. @throws BeeproError `CHAIN_…` */
export async function planRehoming(modules: RehomeModules, worker: string): Promise<RehomePlan> {
  const sectors: RehomedSector[] = [];
  const stakes = new Stakes(modules);
  for await (const row of sectorsOf(modules, worker)) {
    const event = await hostLost(modules, worker, row, stakes);
    const active = await listRunsOfSector(modules.db.kysely, row, ['waiting', 'queued', 'running']);
    const facts = { ...row, active: active.map((run) => run.phase) };
    const rehomed = rehome(facts, event, { now: new Date(), retry: FULL_RETRY });
    if ('refused' in rehomed) continue;
    const { miner, number, state } = row;
    sectors.push({ miner, number, state, rehoming: rehomed.rehoming, stake: event.stake });
  }
  const runs = await listRunsOfWorker(modules.db.kysely, worker);
  return { worker, sectors, otherRuns: runs.filter((run) => run.queue_worker !== worker).length };
}

/**
 * Gives a worker up: it gets nothing any more, and its sectors go on elsewhere from what survives. One that is alive
 * is refused unless it is drained and empty, or `force` is given. If the process dies in between, the sealing role
 * does the rest. The worker is active again when its agent next starts; what was taken from it stays taken.
 * @returns what became of its sectors
 * @throws BeeproError `NOT_FOUND`, `WORKER_ALIVE`, `CHAIN_…` (before anything is changed)
 */
export async function removeWorker(
  modules: RehomeModules,
  worker: string,
  options: { readonly force?: boolean } = {},
): Promise<RehomePlan> {
  const plan = await planRehoming(modules, worker);
  const row = await findWorker(modules.db.kysely, worker);
  if (!row) throw new BeeproError('NOT_FOUND', { what: 'worker', name: worker });
  if (!options.force) requireGone(modules, row, plan);
  await markWorkerRemoved(modules.db.kysely, worker);
  const { sectors } = await rehomeSectors(modules, worker);
  // The sealing role sees the removal too, and may have moved some of them first.
  const moved = new Map([...plan.sectors, ...sectors].map((sector) => [sectorName(sector), sector]));
  return { ...plan, sectors: [...moved.values()] };
}

/** @throws BeeproError `WORKER_ALIVE` */
export function requireGone(
  { settings }: Pick<RehomeModules, 'settings'>,
  row: WorkerRow,
  plan: RehomePlan,
): void {
  const isAlive = row.heartbeatAgeMs <= settings.get('worker.heartbeat_expiry');
  if (!isAlive || row.state === 'removed') return;
  const { length } = plan.sectors;
  const holds = [
    ...(row.state === 'draining' ? [] : ['not drained']),
    ...(length > 0 ? [`holds ${length} sector${length === 1 ? '' : 's'}`] : []),
    ...(plan.otherRuns > 0 ? [`runs ${plan.otherRuns} more phases`] : []),
  ];
  if (holds.length > 0) throw new BeeproError('WORKER_ALIVE', { name: row.name, detail: holds.join(', ') });
}

/**
 * Moves the sectors of a removed worker on, each in a transaction of its own that finds the worker still removed: one
 * that has come back meanwhile keeps the rest.
 * @throws BeeproError the first failure, after all others were tried
 */
export async function rehomeSectors(
  modules: RehomeModules,
  worker: string,
): Promise<{ readonly sectors: readonly RehomedSector[] }> {
  const sectors: RehomedSector[] = [];
  const stakes = new Stakes(modules);
  let failure: BeeproError | undefined;
  for await (const row of sectorsOf(modules, worker)) {
    try {
      const event = await hostLost(modules, worker, row, stakes);
      const rehomed = await rehomeOne(modules, row, event);
      if (rehomed) sectors.push(rehomed);
    } catch (error) {
      failure ??= toBeeproError(error);
    }
  }
  for (const run of await listRunsOfWorker(modules.db.kysely, worker)) {
    if (run.queue_worker !== worker) await giveToOthers(modules, worker, run);
  }
  if (failure) throw failure;
  return { sectors };
}

async function rehomeOne(
  modules: RehomeModules,
  row: SectorRow,
  event: EventOf<'host-lost'>,
): Promise<RehomedSector | undefined> {
  const { miner, number, state } = row;
  const id = { miner, number };
  const outcome = await commitAndPublish(modules, async (trx) => {
    await lockSector(trx, id);
    // Its agent may have come back: then what it has stays its own.
    if ((await lockWorkerState(trx, event.worker)) !== 'removed') return { jobs: [] };
    const applied = await applyEvent(trx, id, event);
    if ('refused' in applied) return { jobs: [] };
    // What is computed elsewhere for it goes on, and is nobody's own any more.
    await disownRuns(trx, id);
    return { jobs: applied.jobs, to: applied.transition.to };
  });
  if (!('to' in outcome)) return undefined;
  const facts = { ...row, active: [] };
  const rehomed = rehome(facts, event, { now: new Date(), retry: FULL_RETRY });
  return 'refused' in rehomed ? undefined : { ...id, state, rehoming: rehomed.rehoming, stake: event.stake };
}

/** A claim of the lost worker on a sector that is not its own: AddPiece, C2 of another's sector, unsealing. */
async function giveToOthers(modules: RehomeModules, worker: string, run: PhaseRunRow): Promise<void> {
  await commitAndPublish(
    modules,
    async (trx): Promise<{ jobs: readonly OutboxJob[] }> => {
      await lockSector(trx, run);
      if ((await lockWorkerState(trx, worker)) !== 'removed') return { jobs: [] };
      const fence = { runId: run.id, attempt: run.attempt, claim: run.claim };
      if (!(await releaseClaim(trx, fence, worker))) return { jobs: [] };
      const jobs: OutboxJob[] = [];
      for (const job of jobsOfRun(run)) jobs.push({ ...job, outboxId: await insertOutbox(trx, job) });
      return { jobs };
    },
    { again: true },
  );
}

/** Those whose files are on the worker and that may still go on elsewhere. */
async function* sectorsOf(modules: RehomeModules, worker: string): AsyncGenerator<SectorRow> {
  for (let after: SectorId | undefined; ; ) {
    const page = await listSectors(modules.db.kysely, { worker, after, limit: PAGE });
    for (const row of page) if (row.parked_code !== HOST_LOST) yield row;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

async function hostLost(
  modules: RehomeModules,
  worker: string,
  row: SectorRow,
  stakes: Stakes,
): Promise<EventOf<'host-lost'>> {
  const running = await listRunsOfSector(modules.db.kysely, row, ['running']);
  const stake = await stakes.of(row);
  return {
    type: 'host-lost',
    worker,
    commit2Elsewhere: running.some((run) => run.phase === 'commit2' && run.worker !== worker),
    ...(stake ? { stake } : {}),
  };
}

/** What pre-commits on chain have put at stake; what all sectors share is asked once. */
class Stakes {
  readonly #modules: RehomeModules;
  #rules: Promise<{ head: number; due: (epoch: number) => number; needed: number }> | undefined;

  constructor(modules: RehomeModules) {
    this.#modules = modules;
  }

  /** Undefined: it has no pre-commit on chain. @throws BeeproError `CHAIN_…` */
  async of(row: SectorRow): Promise<Stake | undefined> {
    const { precommit_epoch: epoch } = row;
    if (epoch === null) return undefined;
    this.#rules ??= this.#read();
    const { head, due, needed } = await this.#rules;
    const found = await this.#modules.chain.stateSectorPreCommitInfo(
      idAddress(row.miner, 't'),
      row.number,
      [],
    );
    const deposit = formatFil(found?.preCommitDeposit ?? 0n);
    return { deposit, due: due(found?.preCommitEpoch ?? epoch), head, needed };
  }

  async #read() {
    const { chain, db } = this.#modules;
    const [head, version, params, durations] = await Promise.all([
      chain.chainHead(),
      chain.stateNetworkVersion([]),
      chain.stateGetNetworkParams(),
      meanDurations(db.kysely, 10_000),
    ]);
    const policy = networkPolicy(version);
    const delay = params.preCommitChallengeDelay;
    const epochs = (sealingMs(durations) * SPARE) / (Math.max(params.blockDelaySecs, 1) * 1_000);
    return {
      head: head.height,
      needed: Math.ceil(epochs),
      due: (epoch: number) => lastProveCommitEpoch(policy, epoch, delay),
    };
  }
}

/** How long it takes this fleet to seal a sector, in ms: the slowest mean of each phase, one after another. */
function sealingMs(durations: Awaited<ReturnType<typeof meanDurations>>): number {
  const slowest = new Map<string, number>();
  for (const { phase, meanMs } of durations) {
    if (phase === 'unseal' || phase === 'remove-files') continue;
    slowest.set(phase, Math.max(slowest.get(phase) ?? 0, meanMs));
  }
  return [...slowest.values()].reduce((sum, ms) => sum + ms, 0);
}
