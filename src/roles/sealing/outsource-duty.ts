import { z } from 'zod';
import { isPhase } from '#core';
import {
  findWorker,
  insertOutbox,
  listRunningCommit2,
  listWaitingCommit2,
  listWorkerStates,
  lockSector,
  meanDurations,
  setRunOffered,
  type Trx,
  type WaitingCommit2,
  type WorkerRow,
} from '#db';
import { type C2Host, c2Slots, type DeviceView, decideOffers, type OutsourceDecision } from '#sched';
import { commitAndPublish, offerJob } from '#sector';
import type { SealingModules } from './modules.ts';
import type { ExtraDuty } from './start-sealing.ts';

/** A C2 takes minutes at the least, and its own host takes it at once where it can. */
const EVERY_MS = 1_000;
/** Runs looked at in a pass: with more than these waiting, those behind them wait anyway. */
const MOST_WAITING = 1_000;
/** A foreign host has its input within this time, in ms; what its own host starts sooner stays. */
const TRANSFER_MS = 5_000;
/** Mean durations are read anew after so long, in ms, from so many accepted runs. */
const MEANS_MS = 60_000;
const MEANS_OF = 5_000;

type Modules = Pick<SealingModules, 'db' | 'bus' | 'settings' | 'log'>;

/** Offers C2 that its own host would start late, or not at all, to the hosts that accept it (`c2.outsource`). */
export function outsourceDuty(modules: Modules): ExtraDuty {
  const means = new CachedMeans(modules);
  return {
    name: 'outsource',
    intervalMs: () => EVERY_MS,
    pass: async (signal) => {
      const waiting = await listWaitingCommit2(modules.db.kysely, MOST_WAITING);
      if (waiting.length === 0) return;
      const decisions = decideOffers({
        hosts: await c2Hosts(modules, waiting, means),
        waiting: waiting.map((run) => ({
          runId: run.id,
          host: run.queue_worker ?? '',
          offered: run.offered_at !== null,
          shared: run.commit1_output?.shared !== undefined,
        })),
        transferMs: TRANSFER_MS,
      });
      const runs = new Map(waiting.map((run) => [run.id, run]));
      for (const decision of decisions) {
        if (signal.aborted) return;
        const run = runs.get(decision.runId);
        if (run && decision.offer !== (run.offered_at !== null)) await carryOut(modules, run, decision);
      }
    },
  };
}

async function carryOut(modules: Modules, run: WaitingCommit2, decision: OutsourceDecision): Promise<void> {
  const { jobs } = await commitAndPublish(modules, (trx) => setOffer(trx, run, decision.offer), {
    // An earlier offer of the same attempt may be kept as ended.
    again: true,
  });
  if (jobs.length === 0 && decision.offer) return;
  modules.log.info(
    {
      event: decision.offer ? 'c2.offered' : 'c2.withdrawn',
      runId: run.id,
      miner: run.miner,
      sector: run.number,
      worker: run.queue_worker,
      reason: decision.reason,
    },
    decision.offer ? 'C2 is offered to other hosts' : 'C2 is no longer offered',
  );
}

async function setOffer(trx: Trx, run: WaitingCommit2, offer: boolean) {
  await lockSector(trx, { miner: run.miner, number: run.number });
  if (!(await setRunOffered(trx, run.id, offer)) || !offer) return { jobs: [] };
  const job = offerJob(run);
  return { jobs: [{ ...job, outboxId: await insertOutbox(trx, job) }] };
}

/** Those that have C2 waiting, and those that take it from others. */
async function c2Hosts(
  modules: Modules,
  waiting: readonly WaitingCommit2[],
  means: CachedMeans,
): Promise<C2Host[]> {
  const { db, settings } = modules;
  const owners = new Set(waiting.map((run) => run.queue_worker));
  const [states, running] = await Promise.all([listWorkerStates(db.kysely), listRunningCommit2(db.kysely)]);
  const concerned = states.filter(
    ({ name, state }) =>
      state !== 'removed' && (owners.has(name) || settings.get('worker.accept_outside_c2', { worker: name })),
  );
  const meanMs = await means.read();
  const hosts: C2Host[] = [];
  for (const { name } of concerned) {
    const row = await findWorker(db.kysely, name);
    if (!row) continue;
    const runningMs = running.filter((run) => run.worker === name).map((run) => run.ageMs);
    hosts.push(hostOf(modules, row, runningMs, meanMs.get(name)));
  }
  return hosts;
}

const report = z.looseObject({
  limits: z.record(z.string(), z.number()),
  devices: z.array(
    z.looseObject({
      id: z.string(),
      slots: z.number(),
      held: z.array(z.string()),
      reservedForPost: z.number(),
      outOfService: z.string().optional(),
    }),
  ),
  takes: z.array(z.string()),
  refusals: z.array(z.looseObject({ phase: z.string(), code: z.string() })),
});

/** Refusals that stand until somebody changes something: the host runs no C2. */
const LASTING: ReadonlySet<string> = new Set(['not-active', 'no-limit', 'paused']);
const capabilities = z.looseObject({ listen: z.string().optional() });
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

function hostOf(
  { settings }: Modules,
  row: WorkerRow,
  runningMs: readonly number[],
  meanMs: number | undefined,
): C2Host {
  const { name } = row;
  const said = report.safeParse(row.report);
  const takes = said.success ? said.data.takes.filter(isPhase) : [];
  const lasting =
    !said.success || said.data.refusals.some(({ phase, code }) => phase === 'commit2' && LASTING.has(code));
  const slots =
    said.success && (takes.includes('commit2') || !lasting)
      ? c2Slots({ limit: said.data.limits.commit2 ?? 0, devices: said.data.devices as DeviceView[] })
      : 0;
  return {
    worker: name,
    alive: row.state !== 'removed' && row.heartbeatAgeMs <= settings.get('worker.heartbeat_expiry'),
    outsource: settings.get('c2.outsource', { worker: name }),
    acceptsOutside: settings.get('worker.accept_outside_c2', { worker: name }),
    takesNow: takes.includes('commit2'),
    slots,
    runningMs,
    meanMs,
    reach: reachOf(row),
    machine: row.boot_id,
  };
}

function reachOf(row: WorkerRow): C2Host['reach'] {
  const known = capabilities.safeParse(row.capabilities);
  const listen = known.success ? known.data.listen : undefined;
  if (listen === undefined || !URL.canParse(listen)) return 'none';
  return LOOPBACK.test(new URL(listen).hostname) ? 'machine' : 'network';
}

/** How long C2 takes on each host; a host that has run none yet gets the fleet's mean. */
class CachedMeans {
  readonly #modules: Modules;
  #readAt = Number.NEGATIVE_INFINITY;
  #means: { get(worker: string): number | undefined } = new Map<string, number>();

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  async read(): Promise<{ get(worker: string): number | undefined }> {
    if (performance.now() - this.#readAt < MEANS_MS) return this.#means;
    const rows = (await meanDurations(this.#modules.db.kysely, MEANS_OF)).filter(
      (row) => row.phase === 'commit2',
    );
    const own = new Map(rows.map((row) => [row.worker, row.meanMs]));
    const runs = rows.reduce((sum, row) => sum + row.runs, 0);
    const all = rows.reduce((sum, row) => sum + row.meanMs * row.runs, 0) / runs;
    this.#means = { get: (worker) => own.get(worker) ?? (runs > 0 ? all : undefined) };
    this.#readAt = performance.now();
    return this.#means;
  }
}
