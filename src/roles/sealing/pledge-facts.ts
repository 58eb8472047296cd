import { PHASES, type Phase } from '#core';
import {
  countBegunSinceReport,
  countRunsOfWorkers,
  countRunsWaitingForWorkers,
  countSectorsOnTheirWay,
  countUnbegunSectors,
  type Executor,
  listWorkerReports,
  type MinerRow,
  type WorkerRuns,
} from '#db';
import {
  type HostReport,
  type MinerAccount,
  type PledgingFleet,
  type PledgingHost,
  type PledgingMiner,
  readHostReport,
  shareFunds,
} from '#sched';
import type { SealingModules } from './modules.ts';
import { type LedgerEntry, ON_THE_WAY, owedNow, payerOf } from './pledge-ledger.ts';

/** Before a sector is pledged it has no files yet: what collects pieces is counted where it owes money, not here. */
const IN_FLIGHT = ON_THE_WAY.filter((state) => state !== 'Packing');
/** Runs that say where sectors queue up on a host. */
const FIRST_PHASES: readonly Phase[] = ['add-piece', 'precommit1'];

/** What a pledging decision is taken from, and each miner's money for people. */
export interface PledgeFacts {
  readonly fleet: PledgingFleet;
  readonly accounts: ReadonlyMap<number, MinerAccount & { readonly walletBalance: bigint }>;
}

/** Reads everything that changes from one moment to the next; the ledger was read before. */
export async function readPledgeFacts(
  executor: Executor,
  modules: SealingModules,
  miners: readonly MinerRow[],
  ledger: readonly LedgerEntry[],
): Promise<PledgeFacts> {
  // In the order in which a sector goes: one that is begun, or reported, while this reads is counted twice, never missed.
  const unbegun = await countUnbegunSectors(executor);
  const hosts = await readHosts(executor, modules.settings.get('worker.heartbeat_expiry'));
  const counts = await countSectorsOnTheirWay(executor, IN_FLIGHT);
  const accounts = new Map<number, MinerAccount & { walletBalance: bigint }>();
  const balances = new Map<string, bigint>();
  for (const entry of ledger) {
    if ('unknown' in entry) continue;
    const { miner, available, usesWallet } = entry;
    const wallet = usesWallet ? entry.wallet : `the balance of t0${miner}`;
    const walletBalance = usesWallet ? entry.walletBalance : 0n;
    balances.set(wallet, walletBalance);
    accounts.set(miner, { miner, available, owed: await owedNow(executor, entry), wallet, walletBalance });
  }
  const funds = shareFunds([...accounts.values()], balances);
  const known = new Map(ledger.map((entry) => [entry.miner, entry]));
  const one = (row: MinerRow): PledgingMiner => {
    const { settings } = modules;
    const miner = row.id;
    const own = counts.filter((count) => count.miner === miner);
    const entry = known.get(miner);
    const money = entry && !('unknown' in entry) ? entry : undefined;
    const unknown = whyUnknown(settings, row, miners, known) ?? money?.blocked;
    return {
      miner,
      enabled: settings.get('pledge.auto', { miner }),
      inFlight: own.reduce((sum, { sectors }) => sum + sectors, 0),
      ceiling: settings.get('pledge.max_in_flight', { miner }),
      parked: own.reduce((sum, { sectors, isParked }) => sum + (isParked ? sectors : 0), 0),
      maxParked: settings.get('pledge.max_parked', { miner }),
      unbegun: unbegun.get(miner) ?? 0,
      sectorCost: money?.cost ?? 0n,
      floor: settings.get('pledge.balance_floor', { miner }),
      ...(funds.get(miner) ?? { free: 0n }),
      ...(unknown === undefined ? {} : { unknown }),
    };
  };
  return { fleet: { miners: miners.map(one), hosts }, accounts };
}

/** Whose money is not known pledges nothing, nor does anyone who may pay from the same wallet. */
function whyUnknown(
  settings: SealingModules['settings'],
  row: MinerRow,
  miners: readonly MinerRow[],
  known: ReadonlyMap<number, LedgerEntry>,
): string | undefined {
  const entry = known.get(row.id);
  if (!entry) return 'its money is not known yet';
  if ('unknown' in entry) return entry.unknown;
  const sharer = miners.find((other) => {
    const theirs = known.get(other.id);
    return payerOf(settings, other) === payerOf(settings, row) && theirs !== undefined && 'unknown' in theirs;
  });
  return sharer && `the money of t0${sharer.id}, which pays from the same wallet, is not known`;
}

async function readHosts(executor: Executor, expiryMs: number): Promise<PledgingHost[]> {
  const begun = await countBegunSinceReport(executor);
  const rows = await listWorkerReports(executor);
  const waiting = Map.groupBy(await countRunsWaitingForWorkers(executor), ({ worker }) => worker);
  const running = Map.groupBy(await countRunsOfWorkers(executor, FIRST_PHASES), ({ worker }) => worker);
  return rows.flatMap(({ name, state, report: given, heartbeatAgeMs }): PledgingHost[] => {
    const report = readHostReport(given);
    if (state !== 'active' || heartbeatAgeMs > expiryMs || !report) return [];
    const refusal = whyNoSector(report);
    return [
      {
        worker: name,
        wants: report.wants,
        begunSince: begun.get(name) ?? 0,
        pipeline: {
          limits: report.limits,
          running: byPhase(running.get(name)),
          waiting: byPhase(waiting.get(name)),
        },
        ...(refusal === undefined ? {} : { refusal }),
      },
    ];
  });
}

function whyNoSector(report: HostReport): string | undefined {
  const refusal = report.refusals.find(({ phase }) => phase === 'add-piece');
  return refusal && `${PHASES['add-piece'].label}: ${refusal.reason}`;
}

function byPhase(runs: readonly WorkerRuns[] = []): Partial<Record<Phase, number>> {
  return Object.fromEntries(runs.map(({ phase, runs: count }) => [phase, count]));
}
