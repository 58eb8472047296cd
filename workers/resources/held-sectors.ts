import {
  isSectorSize,
  type SealProof,
  type SealVariant,
  type SectorId,
  type SectorState,
  sealProof,
  sealProofById,
} from '#core';
import { type Database, listHeldSectors, listMiners } from '#db';
import type { SectorKind } from '#sched';

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
const FRESH_MS = 2_000;

/** The sectors of this host, read from MySQL every two seconds at most, and anew when a run of this host has ended. */
export class HeldSectors {
  readonly #modules: Modules;
  #known: { readonly value: SectorsHere; readonly at: number } | undefined;
  #reading: Promise<SectorsHere> | undefined;
  /** Apart from the sectors: no run of this host changes what the miners seal. */
  #offered: { readonly value: readonly SealProof[]; readonly at: number } | undefined;

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** A run of this host has ended, or a setting has changed. */
  forget(): void {
    this.#known = undefined;
    this.#reading = undefined;
  }

  /** @param freshMs how old the answer may be, when no run of this host has ended since */
  async read(freshMs = FRESH_MS): Promise<SectorsHere> {
    if (this.#known && performance.now() - this.#known.at < freshMs) return this.#known.value;
    this.#reading ??= this.#read();
    const reading = this.#reading;
    try {
      const value = await reading;
      if (this.#reading === reading) this.#known = { value, at: performance.now() };
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
    if (this.#offered && performance.now() - this.#offered.at < FRESH_MS) return this.#offered.value;
    const { database, sealVariant } = this.#modules;
    const miners = await listMiners(database.kysely);
    const value = miners.flatMap(({ id, sector_size: size }) =>
      isSectorSize(size) ? [sealProof(size, sealVariant(id))] : [],
    );
    this.#offered = { value, at: performance.now() };
    return value;
  }
}
