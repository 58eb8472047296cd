import type { CidString, Epoch } from '#core';
import type { ChainStore } from '../chain/chain-store.ts';
import type { TipSet } from '../chain/tipset.ts';
import type { ChainState } from '../state/index.ts';
import { readStateJson, writeStateJson } from '../state/state-json.ts';
import type { StateFolder } from './state-folder.ts';

const SNAPSHOT = /^snapshot-(\d+)\.json$/;

interface Snapshot {
  readonly cid: CidString;
  readonly state: ChainState;
}

/** States of single tipsets, so that a start need not execute the whole chain again. */
export class Snapshots {
  readonly #folder: StateFolder;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  /** Keeps those above `oldest`, and one below it to begin from. */
  save(tipSet: TipSet, state: ChainState, oldest: Epoch): void {
    this.#folder.write(`snapshot-${tipSet.height}.json`, writeStateJson({ cid: tipSet.cid, state }));
    const below = this.#list().filter(({ height }) => height <= oldest);
    for (const { name } of below.slice(1)) this.#folder.remove(name);
  }

  /** The newest at or below `height` whose tipset is on the chain. */
  newestBelow(
    height: Epoch,
    store: ChainStore,
  ): { readonly tipSet: TipSet; readonly state: ChainState } | undefined {
    for (const { name } of this.#list().filter((each) => each.height <= height)) {
      const snapshot = this.#folder.parse(name, (text) => readStateJson(text) as Snapshot);
      const tipSet = snapshot && store.find(snapshot.cid);
      if (snapshot && tipSet && store.isOnChain(tipSet)) return { tipSet, state: snapshot.state };
    }
    return undefined;
  }

  /** Newest first. */
  #list(): { name: string; height: number }[] {
    return this.#folder
      .list()
      .flatMap((name) => {
        const match = SNAPSHOT.exec(name);
        return match ? [{ name, height: Number(match[1]) }] : [];
      })
      .sort((a, b) => b.height - a.height);
  }
}
