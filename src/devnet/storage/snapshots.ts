import type { CidString } from '#core';
import type { ChainStore } from '../chain/chain-store.ts';
import type { TipSet } from '../chain/tipset.ts';
import type { ChainState } from '../state/index.ts';
import { readStateJson, writeStateJson } from '../state/state-json.ts';
import type { StateFolder } from './state-folder.ts';

const SNAPSHOT = /^snapshot-(\d+)\.json$/;
const KEEP_SNAPSHOTS = 3;

/** States of single tipsets, so that a start need not execute the whole chain again. */
export class Snapshots {
  readonly #folder: StateFolder;

  constructor(folder: StateFolder) {
    this.#folder = folder;
  }

  save(tipSet: TipSet, state: ChainState): void {
    this.#folder.write(`snapshot-${tipSet.height}.json`, writeStateJson({ cid: tipSet.cid, state }));
    for (const { name } of this.#list().slice(KEEP_SNAPSHOTS)) this.#folder.remove(name);
  }

  /** The newest whose tipset is on the chain. */
  newest(store: ChainStore): { readonly tipSet: TipSet; readonly state: ChainState } | undefined {
    for (const { name } of this.#list()) {
      const { cid, state } = readStateJson(this.#folder.read(name) ?? '{}') as {
        cid: CidString;
        state: ChainState;
      };
      const tipSet = store.find(cid);
      if (tipSet && store.isOnChain(tipSet)) return { tipSet, state };
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
