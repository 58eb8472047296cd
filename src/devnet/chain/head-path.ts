import type { ChainStore } from './chain-store.ts';
import type { HeadChange } from './head-changes.ts';
import type { TipSet } from './tipset.ts';

/** The way from one tipset to another: what is reverted, newest first, then what is applied, oldest first. */
export function headPath(store: ChainStore, start: TipSet, end: TipSet): HeadChange[] {
  const reverted: TipSet[] = [];
  const applied: TipSet[] = [];
  let [from, to]: [TipSet | undefined, TipSet | undefined] = [start, end];
  while (from && to && from.cid !== to.cid) {
    if (from.height >= to.height) {
      reverted.push(from);
      from = store.parentOf(from);
    } else {
      applied.unshift(to);
      to = store.parentOf(to);
    }
  }
  return [
    ...reverted.map((tipSet) => ({ type: 'revert' as const, tipSet })),
    ...applied.map((tipSet) => ({ type: 'apply' as const, tipSet })),
  ];
}
