import {
  isSectorSize,
  type SealProof,
  type SealVariant,
  type SectorId,
  type SectorState,
  sealProof,
  sealProofById,
} from '#core';
import { type Database, listHeldSectors, listMiners, type MinerRow } from '#db';
import type { SectorKind } from '#sched';
import type { SectorMove } from '../sector-move.ts';

/** A sector that takes room on this host. */
export interface SectorHere extends SectorId {
  readonly state: SectorState;
  readonly proof: SealProof;
  readonly kind: SectorKind;
}

export interface SectorsHere {
  readonly held: readonly SectorHere[];
  /** The kinds of sectors that the fleet's queues may bring: what the miners seal. */
  readonly offered: readonly SealProof[];
}

interface Modules {
  readonly worker: string;
  readonly database: Database;
  readonly sealVariant: (miner: number) => SealVariant;
}

/** What the coordinator and the operator do to sectors is seen so late at most, in ms. */
const FRESH_MS = 10_000;

/** New miners are seen so late at most, in ms. */
const MINERS_FRESH_MS = 20_000;

/**
 * The sectors of this host: read from MySQL at most every ten seconds, or fresher where it is asked for, and kept up
 * with what runs of this host make of them.
 */
export class HeldSectors {
  readonly #modules: Modules;
  #known: { readonly value: SectorsHere; readonly at: number } | undefined;
  #reading: Promise<SectorsHere> | undefined;
  /** Apart from the sectors: no run of this host changes what the miners seal. */
  #miners: { readonly value: readonly MinerRow[]; readonly at: number } | undefined;

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** What was read no longer holds. */
  forget(): void {
    this.#known = undefined;
    this.#reading = undefined;
  }

  /** A run of this host has ended with its sector in another state, which stays here. */
  move({ miner, number, state, at }: SectorMove): void {
    if (this.#known && this.#known.at > at && !this.#reading) return;
    const known = this.#known?.value;
    const index = known?.held.findIndex((one) => one.miner === miner && one.number === number) ?? -1;
    const sector = known?.held[index];
    // One that was not known here is AddPiece's; and whether a reading that goes on has seen the move, nobody knows.
    if (!this.#known || !known || !sector || this.#reading) this.forget();
    else
      this.#known = {
        ...this.#known,
        value: { ...known, held: known.held.with(index, { ...sector, state }) },
      };
  }

  /** @param freshMs how old the answer may be, when no run of this host has ended since */
  async read(freshMs = FRESH_MS): Promise<SectorsHere> {
    if (this.#known && performance.now() - this.#known.at < freshMs) return this.#known.value;
    this.#reading ??= this.#read();
    const reading = this.#reading;
    const at = performance.now();
    try {
      const value = await reading;
      if (this.#reading === reading) this.#known = { value, at };
      return value;
    } finally {
      if (this.#reading === reading) this.#reading = undefined;
    }
  }

  async #read(): Promise<SectorsHere> {
    const { database, worker } = this.#modules;
    const [rows, offered] = await Promise.all([
      listHeldSectors(database.kysely, worker),
      this.#readOffered(),
    ]);
    const held = rows.flatMap(({ seal_proof, ...row }): SectorHere[] => {
      const proof = sealProofById(seal_proof);
      return proof ? [{ ...row, proof }] : [];
    });
    return { held, offered };
  }

  async #readOffered(): Promise<readonly SealProof[]> {
    const { database, sealVariant } = this.#modules;
    if (!this.#miners || performance.now() - this.#miners.at >= MINERS_FRESH_MS) {
      this.#miners = { value: await listMiners(database.kysely), at: performance.now() };
    }
    return this.#miners.value.flatMap(({ id, sector_size: size }) =>
      isSectorSize(size) ? [sealProof(size, sealVariant(id))] : [],
    );
  }
}
