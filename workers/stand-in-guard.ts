import type { ActorId } from '#core';
import { type Database, findMiner, listMiners, type PhaseRunRow } from '#db';
import { refuseStandIn, type StandIn } from '#sealer';

/**
 * Keeps a worker whose sealer is a stand-in away from every miner of a network that takes real proofs: it does not
 * start while the installation has one, and ends at the first job of one that came later.
 */
export class StandInGuard {
  readonly #database: Database;
  readonly #networks = new Map<ActorId, string>();
  #standIn: StandIn | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** What this worker's sealer is, when it is none. */
  get standIn(): StandIn | undefined {
    return this.#standIn;
  }

  /** @throws BeeproError `SEALER_STAND_IN_REFUSED` */
  async admit(standIn: StandIn | undefined): Promise<void> {
    this.#standIn = standIn;
    if (standIn === undefined) return;
    for (const miner of await listMiners(this.#database.kysely)) refuseStandIn(standIn, miner.network);
  }

  /** @throws BeeproError `SEALER_STAND_IN_REFUSED` */
  async admitRun({ miner }: PhaseRunRow): Promise<void> {
    if (this.#standIn === undefined) return;
    const network =
      this.#networks.get(miner) ?? (await findMiner(this.#database.kysely, miner))?.network ?? '';
    this.#networks.set(miner, network);
    refuseStandIn(this.#standIn, network);
  }
}
