import type { Fleet } from '../fleets/fleet-schema.ts';
import type { EventQueue } from './event-queue.ts';
import type { Sector } from './host.ts';
import type { Random } from './random.ts';

/** Sectors that wait for company, and leave together when the first has waited enough or the message is full. */
class Batcher {
  #members: Sector[] = [];
  #number = 0;
  readonly #clock: EventQueue;
  readonly #waitMs: number;
  readonly #max: number;
  readonly #send: (members: readonly Sector[]) => void;

  constructor(clock: EventQueue, waitMs: number, max: number, send: (members: readonly Sector[]) => void) {
    this.#clock = clock;
    this.#waitMs = waitMs;
    this.#max = max;
    this.#send = send;
  }

  add(sector: Sector): void {
    this.#members.push(sector);
    if (this.#members.length >= this.#max) this.#leave();
    else if (this.#members.length === 1) {
      const number = this.#number;
      this.#clock.after(this.#waitMs, () => {
        if (number === this.#number) this.#leave();
      });
    }
  }

  #leave(): void {
    const members = this.#members;
    this.#members = [];
    this.#number += 1;
    this.#send(members);
  }
}

interface Outcomes {
  readonly onWaitSeed: (sector: Sector) => void;
  readonly onSeed: (sector: Sector) => void;
  readonly onProven: (sector: Sector) => void;
}

/** What a miner's sectors wait for outside of the fleet: batches, inclusion, the seed. */
export class SimChain {
  readonly #clock: EventQueue;
  readonly #rules: Fleet['chain'];
  readonly #random: Random;
  readonly #preCommits: Batcher;
  readonly #commits: Batcher;

  constructor(clock: EventQueue, rules: Fleet['chain'], random: Random, outcomes: Outcomes) {
    this.#clock = clock;
    this.#rules = rules;
    this.#random = random;
    const { onWaitSeed, onSeed, onProven } = outcomes;
    this.#preCommits = new Batcher(
      clock,
      rules.preCommitBatchWaitS * 1000,
      rules.preCommitBatchMax,
      (members) => {
        const landed = this.#includedAt();
        clock.at(landed, () => {
          for (const sector of members) onWaitSeed(sector);
        });
        const read = landed + (rules.waitSeed + rules.seedConfidence) * rules.epochS * 1000 + this.#look();
        clock.at(read, () => {
          for (const sector of members) onSeed(sector);
        });
      },
    );
    this.#commits = new Batcher(clock, rules.commitBatchWaitS * 1000, rules.commitBatchMax, (members) => {
      clock.at(this.#includedAt() + this.#look(), () => {
        for (const sector of members) onProven(sector);
      });
    });
  }

  preCommit(sector: Sector): void {
    this.#preCommits.add(sector);
  }

  commit(sector: Sector): void {
    this.#commits.add(sector);
  }

  #includedAt(): number {
    const epochMs = this.#rules.epochS * 1000;
    return (Math.floor(this.#clock.now / epochMs) + this.#rules.inclusion) * epochMs;
  }

  #look(): number {
    return this.#random.uniform() * this.#rules.lookS * 1000;
  }
}
