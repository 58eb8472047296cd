import { minerEntropy, RANDOMNESS, toHex } from '#codec';
import type { ActorId, Epoch } from '#core';
import type { ChainView } from './chain-view.ts';
import { randomnessKey } from './groups.ts';
import type { SealingModules } from './modules.ts';

export type RandomnessKind = 'ticket' | 'seed';

/** Values kept: a day of tickets and seeds of some hundred miners. */
const MOST = 50_000;

interface Known {
  readonly epoch: Epoch;
  readonly value: string;
}

/**
 * Tickets and seeds as the chain has them: one call for each (miner, epoch), however many sectors rest on it. They
 * cannot change while the chain they were read from stands, so they are kept until a reorg goes below them.
 */
export class ChainRandomness {
  readonly #known = { ticket: new Map<string, Known>(), seed: new Map<string, Known>() };
  readonly #asked = new Map<string, Promise<string>>();
  #noted: string | undefined;

  /** Lower-case hex, known or asked for at the view. */
  async read(
    modules: Pick<SealingModules, 'chain'>,
    view: ChainView,
    kind: RandomnessKind,
    miner: ActorId,
    epoch: Epoch,
  ): Promise<string> {
    const key = randomnessKey(miner, epoch);
    const known = this.#known[kind].get(key);
    if (known) return known.value;
    const asked = this.#asked.get(`${kind} ${key}`);
    if (asked) return asked;
    const answer = ask(modules, view, kind, miner, epoch);
    this.#asked.set(`${kind} ${key}`, answer);
    try {
      const value = await answer;
      this.#keep(kind, key, { epoch, value });
      return value;
    } finally {
      this.#asked.delete(`${kind} ${key}`);
    }
  }

  knows(kind: RandomnessKind, miner: ActorId, epoch: Epoch): boolean {
    return this.#known[kind].has(randomnessKey(miner, epoch));
  }

  /** `tipset` is the head that was noted last: by another process, when it is none that {@link restsOn} named here. */
  forgetUnlessOn(tipset: string | undefined): void {
    if (this.#noted !== tipset) this.forgetFrom(Number.MIN_SAFE_INTEGER);
  }

  /** The head that is noted now; all that is known was read at it or holds at it. */
  restsOn(tipset: string): void {
    this.#noted = tipset;
  }

  /** The chain has been replaced above `fork`: what was drawn at it or later is asked for again. */
  forgetFrom(fork: Epoch): void {
    for (const known of Object.values(this.#known))
      for (const [key, { epoch }] of known) if (epoch >= fork) known.delete(key);
  }

  #keep(kind: RandomnessKind, key: string, known: Known): void {
    const values = this.#known[kind];
    values.set(key, known);
    const [oldest] = values.keys();
    if (values.size > MOST && oldest !== undefined) values.delete(oldest);
  }
}

async function ask(
  modules: Pick<SealingModules, 'chain'>,
  view: ChainView,
  kind: RandomnessKind,
  miner: ActorId,
  epoch: Epoch,
): Promise<string> {
  const { chain } = modules;
  const [draw, tag] =
    kind === 'ticket'
      ? [chain.stateGetRandomnessFromTickets, RANDOMNESS.seal]
      : [chain.stateGetRandomnessFromBeacon, RANDOMNESS.interactiveSeal];
  return toHex(await draw(tag, epoch, minerEntropy(miner), [...view.key]));
}
