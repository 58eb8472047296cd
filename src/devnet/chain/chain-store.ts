import type { CidString, Epoch } from '#core';
import type { ChainState } from '../state/index.ts';
import type { ExecutionResult, TipSet } from './tipset.ts';

interface Entry {
  readonly tipSet: TipSet;
  readonly result: ExecutionResult;
  readonly sequence: number;
  /** After the tipset's messages; let go when the tipset is old. */
  state: ChainState | undefined;
}

/** Tipsets on the chain and off it, the young ones with the state after them. */
export class ChainStore {
  readonly #entries = new Map<CidString, Entry>();
  readonly #keepStates: Epoch;
  readonly #keepTipSets: Epoch;
  #genesis: TipSet | undefined;
  #head: TipSet | undefined;
  /** The tipset of the chain at each height. */
  readonly #main = new Map<Epoch, CidString>();
  #lastSequence = 0;
  /** Null rounds at and above this height are known to be null, not forgotten. */
  #oldest: Epoch = 0;

  constructor(keep: { readonly states: Epoch; readonly tipSets: Epoch }) {
    this.#keepStates = keep.states;
    this.#keepTipSets = keep.tipSets;
  }

  get head(): TipSet {
    if (!this.#head) throw new Error('the chain has no genesis yet');
    return this.#head;
  }

  get genesis(): TipSet {
    if (!this.#genesis) throw new Error('the chain has no genesis yet');
    return this.#genesis;
  }

  add(tipSet: TipSet, result: ExecutionResult, state: ChainState | undefined): void {
    this.#entries.set(tipSet.cid, { tipSet, result, sequence: ++this.#lastSequence, state });
    if (tipSet.height === 0) this.#genesis = tipSet;
  }

  /** Makes `tipSet` the head; where it forks from the old one, the chain becomes that of the new. */
  setHead(tipSet: TipSet): void {
    for (let height = this.#head?.height ?? 0; height > tipSet.height; height--) this.#main.delete(height);
    this.#head = tipSet;
    let above = tipSet.height + 1;
    for (let at: TipSet | undefined = tipSet; at; at = this.parentOf(at)) {
      for (let height = at.height + 1; height < above; height++) this.#main.delete(height);
      if (this.#main.get(at.height) === at.cid) break;
      this.#main.set(at.height, at.cid);
      above = at.height;
    }
    this.#prune(tipSet.height);
  }

  find(cid: CidString): TipSet | undefined {
    return this.#entries.get(cid)?.tipSet;
  }

  /** That of the tipset that was made last. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** In which order tipsets were made, forks included: whoever has seen one knows all with a lower number. */
  sequenceOf(tipSet: TipSet): number {
    return this.#entries.get(tipSet.cid)?.sequence ?? 0;
  }

  parentOf(tipSet: TipSet): TipSet | undefined {
    return tipSet.parent === null ? undefined : this.find(tipSet.parent);
  }

  resultOf(tipSet: TipSet): ExecutionResult | undefined {
    return this.#entries.get(tipSet.cid)?.result;
  }

  /** The state after the tipset's messages; undefined when it is too old. */
  stateAfter(tipSet: TipSet): ChainState | undefined {
    return this.#entries.get(tipSet.cid)?.state;
  }

  setState(tipSet: TipSet, state: ChainState): void {
    const entry = this.#entries.get(tipSet.cid);
    if (entry) entry.state = state;
  }

  isOnChain(tipSet: TipSet): boolean {
    return this.#main.get(tipSet.height) === tipSet.cid;
  }

  /** The chain's next tipset, in which the messages of this one are executed. */
  childOf(tipSet: TipSet): TipSet | undefined {
    if (!this.isOnChain(tipSet)) return undefined;
    for (let height = tipSet.height + 1; height <= this.head.height; height++) {
      const cid = this.#main.get(height);
      if (cid !== undefined) return this.find(cid);
    }
    return undefined;
  }

  /**
   * The tipset at `height` on the chain that ends in `from`; at a null round the one after it, or before it.
   * @throws Error above `from`, and for what is no longer kept
   */
  atHeight(height: Epoch, from: TipSet, nullRound: 'after' | 'before'): TipSet {
    if (height > from.height)
      throw new Error(
        `looking for tipset with height greater than start point, req: ${height}, head: ${from.height}`,
      );
    if (height > 0 && height < this.#oldest) throw new Error(`tipsets below ${this.#oldest} are not kept`);
    const at = height === 0 ? this.genesis : this.#firstFrom(height, from);
    const before = at.height > height && nullRound === 'before' ? this.parentOf(at) : undefined;
    return before ?? at;
  }

  #firstFrom(height: Epoch, from: TipSet): TipSet {
    let at = from;
    // Down a fork to where it meets the chain, which knows its heights.
    while (!this.isOnChain(at)) {
      const up = this.parentOf(at);
      if (!up || up.height < height) return at;
      at = up;
    }
    for (let candidate = height; candidate < at.height; candidate++) {
      const cid = this.#main.get(candidate);
      const found = cid === undefined ? undefined : this.find(cid);
      if (found) return found;
    }
    return at;
  }

  #prune(height: Epoch): void {
    for (const [cid, entry] of this.#entries) {
      const { tipSet } = entry;
      const age = height - tipSet.height;
      if (age <= this.#keepStates) break;
      entry.state = undefined;
      if (age <= this.#keepTipSets || tipSet.height === 0) continue;
      this.#oldest = Math.max(this.#oldest, tipSet.height + 1);
      // Messages stay to be looked up, with the tipset that executed them.
      const executes = (this.parentOf(tipSet)?.messages.length ?? 0) > 0;
      if (tipSet.messages.length === 0 && !executes) {
        this.#entries.delete(cid);
        if (this.#main.get(tipSet.height) === cid) this.#main.delete(tipSet.height);
      }
    }
  }
}
