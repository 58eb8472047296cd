import type { Epoch } from '#core';
import { writeJsonText } from '../json-text.ts';
import { traitsOf } from './method-traits.ts';

/** How an answer may be kept, and identical calls under way be joined. */
export interface CachePlan {
  readonly key: string;
  /** For how long, in ms; undefined: for ever, as far as there is room. */
  readonly ttlMs?: number;
}

export interface CacheFacts {
  /** The height of a tipset by its key's text, as far as this process has met it; of the head seen for an empty one. */
  readonly heightOf: (key: readonly unknown[]) => Epoch | undefined;
  /** Epochs behind which a tipset is final. */
  readonly finality: Epoch;
}

/** Which parameter is the epoch of a look-up that is the same from every later tipset once the epoch is final. */
const EPOCH_AT: Readonly<Record<string, number>> = {
  ChainGetTipSetByHeight: 0,
  ChainGetTipSetAfterHeight: 0,
  StateGetRandomnessFromTickets: 1,
  StateGetRandomnessFromBeacon: 1,
  StateGetRandomnessDigestFromTickets: 0,
  StateGetRandomnessDigestFromBeacon: 0,
};
/** An actor that was just created may get another id by a reorg; nobody asks for it again so soon. */
const LASTING_MS = 600_000;

/**
 * Where the answer of a call that cannot change is kept; undefined when it can. `params` are as they are written.
 * A tipset key pins an answer for ever; where the epoch asked for is final, any key gives the same.
 */
export function cachePlan(
  method: string,
  params: readonly unknown[],
  facts: CacheFacts,
): CachePlan | undefined {
  const { reach, keyAt } = traitsOf(method);
  if (reach === 'content' || reach === 'constant') return { key: keyOf(method, params) };
  if (reach === 'lasting') return { key: keyOf(method, params.toSpliced(keyAt, 1)), ttlMs: LASTING_MS };
  if (reach !== 'pinned') return undefined;
  const tipSet = (params[keyAt] ?? []) as readonly unknown[];
  const epoch = params[EPOCH_AT[method] ?? -1];
  const height = facts.heightOf(tipSet);
  if (typeof epoch === 'number' && height !== undefined && epoch <= height - facts.finality)
    return { key: keyOf(`final:${method}`, params.toSpliced(keyAt, 1)) };
  return tipSet.length > 0 ? { key: keyOf(method, params) } : undefined;
}

function keyOf(method: string, params: readonly unknown[]): string {
  return `${method} ${writeJsonText(params)}`;
}
