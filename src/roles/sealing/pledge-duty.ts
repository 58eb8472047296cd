import { type BitField, idAddress } from '#codec';
import { type ActorId, toBeeproError } from '#core';
import { listMiners, lockMinerActivity, type MinerRow, savePledgeDecision } from '#db';
import { decidePledges, type PledgeDecision, wantedSectors } from '#sched';
import { commitAndPublish, insertPledged, type OutboxJob, PLEDGE_ACTIVITY, sealProofOf } from '#sector';
import { ChainViewer } from './chain-view.ts';
import type { SealingModules } from './modules.ts';
import { type PledgeFacts, readPledgeFacts } from './pledge-facts.ts';
import { type LedgerEntry, payerOf, readLedger } from './pledge-ledger.ts';
import type { ExtraDuty } from './start-sealing.ts';

/** Sectors a transaction: so few that switching off counts at once. */
const MOST_AT_ONCE = 20;
/** Steps a pass; what is left comes with the next one. */
const MOST_STEPS = 100;
/** How long balances and costs count as they were read, in ms: several steps and short intervals share them. */
const LEDGER_LIVES_MS = 5_000;

type Order = { readonly proof: number; readonly allocated: BitField } | { readonly unknown: string };

/** Keeps the workers' pipelines full with committed-capacity sectors of those miners that have `pledge.auto`. */
export function pledgeDuty(modules: SealingModules): ExtraDuty {
  const pledging = new AutoPledge(modules);
  return {
    name: 'auto-pledge',
    intervalMs: () => modules.settings.get('pledge.interval'),
    pass: async (signal) => {
      for (let step = 0; step < MOST_STEPS && !signal.aborted; step += 1) {
        // What has been switched off a moment ago is off.
        await modules.settings.refresh();
        if ((await pledging.step()) < MOST_AT_ONCE) return;
      }
    },
  };
}

class AutoPledge {
  readonly #modules: SealingModules;
  readonly #viewer: ChainViewer;
  #ledger:
    | { readonly key: string; readonly readAt: number; readonly entries: readonly LedgerEntry[] }
    | undefined;
  /** Miners that are known to be off, and said so. */
  #off: ReadonlySet<ActorId> = new Set();

  constructor(modules: SealingModules) {
    this.#modules = modules;
    this.#viewer = new ChainViewer(modules.chain);
  }

  /** Decides once, and pledges what was decided. Returns how many sectors that were. */
  async step(): Promise<number> {
    const { db, settings } = this.#modules;
    const miners = await listMiners(db.kysely);
    const enabled = miners.filter(({ id }) => settings.get('pledge.auto', { miner: id }));
    const off = miners.filter((row) => !enabled.includes(row));
    await this.#sayOff(off);
    if (enabled.length === 0) return 0;
    const payers = new Set(enabled.map((row) => payerOf(settings, row)));
    const sharers = miners.filter((row) => payers.has(payerOf(settings, row)));
    const ledger = await this.#readLedger(sharers);
    const facts = await readPledgeFacts(db.kysely, this.#modules, miners, ledger);
    const wanted = decide(facts);
    if (wanted.every(({ count }) => count === 0)) {
      for (const decision of ofEnabled(facts, wanted)) await this.#save(db.kysely, facts, decision);
      return 0;
    }
    const orders = new Map<ActorId, Order>();
    for (const row of enabled) {
      const isWanted = wanted.some(({ miner, count }) => miner === row.id && count > 0);
      if (isWanted) orders.set(row.id, await this.#order(row));
    }
    return this.#pledge(ledger, orders);
  }

  /** What a pledge needs from outside the transaction. */
  async #order(row: MinerRow): Promise<Order> {
    try {
      const allocated = await this.#modules.chain.stateMinerAllocated(idAddress(row.id, 't'), []);
      return { proof: sealProofOf(this.#modules, row), allocated };
    } catch (error) {
      return { unknown: `its numbers on chain are not known: ${toBeeproError(error).message}` };
    }
  }

  /** Decides again under the miners' locks, so that coordinators never overshoot together, and pledges. */
  async #pledge(ledger: readonly LedgerEntry[], orders: ReadonlyMap<ActorId, Order>): Promise<number> {
    const { log } = this.#modules;
    const { pledged } = await commitAndPublish(this.#modules, async (trx) => {
      const jobs: OutboxJob[] = [];
      const pledged: PledgeDecision[] = [];
      // Every miner, for they share the workers; always in this order.
      const miners = await listMiners(trx);
      for (const { id } of miners) await lockMinerActivity(trx, id, PLEDGE_ACTIVITY);
      const facts = await readPledgeFacts(trx, this.#modules, miners, ledger);
      for (const decision of ofEnabled(facts, decide(facts))) {
        const { miner, count } = decision;
        const order = orders.get(miner);
        if (count === 0) {
          await this.#save(trx, facts, decision);
        } else if (order && 'allocated' in order) {
          const made = await insertPledged(trx, { miner, count, by: 'auto-pledge', ...order });
          jobs.push(...made.jobs);
          pledged.push(decision);
          await this.#save(trx, facts, decision);
        } else {
          const reason = order?.unknown ?? 'it gets its turn with the next look';
          await this.#save(trx, facts, { miner, count: 0, reason });
        }
      }
      return { jobs, pledged };
    });
    for (const { miner, count, reason } of pledged)
      log.info({ event: 'pledge.auto', miner, count, reason }, `${count} sector(s) pledged: ${reason}`);
    return pledged.reduce((sum, { count }) => sum + count, 0);
  }

  async #readLedger(miners: readonly MinerRow[]): Promise<readonly LedgerEntry[]> {
    const ids = miners.map(({ id }) => id);
    const key = miners
      .map((row) => `${row.id} ${payerOf(this.#modules.settings, row)} ${row.sector_size}`)
      .join();
    const isFresh = this.#ledger && performance.now() - this.#ledger.readAt < LEDGER_LIVES_MS;
    if (this.#ledger?.key === key && isFresh) return this.#ledger.entries;
    const readAt = performance.now();
    const entries = await readLedger(this.#modules, this.#viewer, ids);
    // What could not be read is asked again.
    this.#ledger = entries.some((entry) => 'unknown' in entry) ? undefined : { key, readAt, entries };
    return entries;
  }

  /** A miner that is off is told once. */
  async #sayOff(miners: readonly MinerRow[]): Promise<void> {
    for (const { id } of miners) {
      if (this.#off.has(id)) continue;
      const reason = 'automatic pledging is off';
      await savePledgeDecision(this.#modules.db.kysely, { miner: id, pledged: 0, reason, facts: {} });
    }
    this.#off = new Set(miners.map(({ id }) => id));
  }

  async #save(
    executor: Parameters<typeof savePledgeDecision>[0],
    facts: PledgeFacts,
    { miner, count, reason }: PledgeDecision,
  ): Promise<void> {
    const one = facts.fleet.miners.find((candidate) => candidate.miner === miner);
    const account = facts.accounts.get(miner);
    await savePledgeDecision(executor, {
      miner,
      pledged: count,
      reason,
      facts: {
        inFlight: one?.inFlight,
        parked: one?.parked,
        ceiling: one?.ceiling,
        unbegun: one?.unbegun,
        wanted: wantedSectors(facts.fleet.hosts).count,
        hosts: facts.fleet.hosts.length,
        ...(account && one
          ? {
              sectorCost: String(one.sectorCost),
              available: String(account.available),
              wallet: account.wallet,
              walletBalance: String(account.walletBalance),
              owed: String(account.owed),
              free: String(one.free),
              floor: String(one.floor),
            }
          : {}),
      },
    });
  }
}

function decide({ fleet }: PledgeFacts): PledgeDecision[] {
  return decidePledges({ ...fleet, most: MOST_AT_ONCE });
}

/** Miners that are off are in the fleet for the sectors that they have waiting, and for their share of a wallet. */
function ofEnabled(facts: PledgeFacts, decisions: readonly PledgeDecision[]): PledgeDecision[] {
  const enabled = new Set(facts.fleet.miners.filter((one) => one.enabled).map(({ miner }) => miner));
  return decisions.filter(({ miner }) => enabled.has(miner));
}
