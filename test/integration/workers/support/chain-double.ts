import { createHash } from 'node:crypto';
import { type ActorId, type Epoch, type SectorId, sectorName } from '#core';
import { type Database, findSector } from '#db';
import type { ChainFacts, Head, PreCommitFact } from '#workers';

/**
 * A double of the chain for suites about the worker alone: a head that stands still, tickets that are digests, and
 * pre-commits exactly as the sector's row has them. Whole sectors are sealed against the devnet in test/e2e.
 */
export class ChainDouble implements ChainFacts {
  readonly #database: Database;
  epoch: Epoch = 5_000;
  readonly taken = new Set<string>();

  constructor(database: Database) {
    this.#database = database;
  }

  async head(): Promise<Head> {
    return { epoch: this.epoch, key: [] };
  }

  async ticketRules() {
    return { lookback: 900, maxAge: 3_780 };
  }

  async ticket(miner: ActorId, epoch: Epoch): Promise<string> {
    const digest = createHash('sha256').update(`${miner} ${epoch}`).digest();
    digest[31] = (digest[31] ?? 0) & 0x3f;
    return digest.toString('hex');
  }

  async isNumberTaken(id: SectorId): Promise<boolean> {
    return this.taken.has(sectorName(id));
  }

  async preCommit(id: SectorId): Promise<PreCommitFact | undefined> {
    const sector = await findSector(this.#database.kysely, id);
    if (!sector?.comm_r || sector.precommit_epoch === null) return undefined;
    return { epoch: sector.precommit_epoch, commR: sector.comm_r, ticketEpoch: sector.ticket_epoch ?? 0 };
  }

  async blockMs(): Promise<number> {
    return 1_000;
  }
}
