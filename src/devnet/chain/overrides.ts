import { z } from 'zod';
import type { CidString, Epoch } from '#core';
import { type ChainState, withActor } from '../state/index.ts';
import { LineLog } from '../storage/line-log.ts';
import type { StateFolder } from '../storage/state-folder.ts';

/** What an operator of the devnet does to a miner between two tipsets, as if the network had. */
const override = z.object({
  /** The tipset after which it happens; with that tipset it goes in a reorg. */
  parent: z.string(),
  miner: z.int(),
  /** attoFIL. */
  feeDebt: z.string().transform(BigInt).optional(),
  consensusFaultElapsed: z.int().optional(),
});
export type Override = z.output<typeof override>;

/** Kept beside the chain's log, so that a restart executes the same chain again. */
export class Overrides {
  readonly #log: LineLog;
  readonly #byParent = new Map<CidString, Override[]>();

  private constructor(log: LineLog) {
    this.#log = log;
  }

  static open(folder: StateFolder): Overrides {
    const { log, lines } = LineLog.open(folder.file('overrides.jsonl'));
    const overrides = new Overrides(log);
    for (const line of lines) overrides.#remember(override.parse(line));
    return overrides;
  }

  add(entry: Override): void {
    this.#log.append({
      ...entry,
      ...(entry.feeDebt === undefined ? {} : { feeDebt: entry.feeDebt.toString() }),
    });
    this.#remember(entry);
  }

  /** The state that the child of `parent` begins with. */
  apply(parent: CidString, state: ChainState, height: Epoch): ChainState {
    let changed = state;
    for (const { miner: id, feeDebt, consensusFaultElapsed } of this.#byParent.get(parent) ?? []) {
      const actor = changed.actors.get(id);
      if (!actor?.miner) continue;
      const info = {
        ...actor.miner.info,
        ...(consensusFaultElapsed !== undefined && { consensusFaultElapsed }),
      };
      const miner = { ...actor.miner, info, ...(feeDebt !== undefined && { feeDebt }) };
      changed = withActor(changed, { ...actor, miner, changed: height });
    }
    return changed;
  }

  close(): void {
    this.#log.close();
  }

  #remember(entry: Override): void {
    this.#byParent.set(entry.parent, [...(this.#byParent.get(entry.parent) ?? []), entry]);
  }
}
