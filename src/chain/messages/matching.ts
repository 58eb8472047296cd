import { type AddressPrefix, decodeMessage, decodeParamsOf, MINER_METHODS, prefixOf } from '#codec';
import { isBeeproError, type SectorNumber } from '#core';
import type { ForeignMessageRow, MessageRow } from '#db';
import { isContentOf } from './content.ts';
import { storedBytes } from './stored-bytes.ts';

export type Match =
  | { readonly is: 'none' }
  /** The intent was sent already: this is it. */
  | { readonly is: 'same'; readonly foreign: ForeignMessageRow }
  /** It may do what the intent would do: wait until its nonce is final. */
  | { readonly is: 'rival'; readonly foreign: ForeignMessageRow }
  /** Nobody can tell what it did, and nothing on chain would refuse the intent the second time. */
  | { readonly is: 'unknown'; readonly foreign: ForeignMessageRow };

export type IntentContent = Pick<
  MessageRow,
  'from_address' | 'to_address' | 'method' | 'value' | 'params' | 'created_at'
>;

/**
 * Whether an intent was sent before, by a past that this database has forgotten. Sending twice is what must not be:
 * in doubt the intent waits.
 *
 * Of equal content is the intent itself, unless it was recorded when the other message was known and done: then it
 * is wanted once more. A message for the same sectors is a rival until its nonce is final; then the chain tells
 * whether the intent still has a purpose. What did something unknown is a danger only to what the chain would accept
 * twice, such as a transfer.
 */
export function matchForeign(intent: IntentContent, foreign: readonly ForeignMessageRow[]): Match {
  const prefix = prefixOf(intent.from_address);
  const sectors = sectorsIn(intent.to_address, intent.method, storedBytes(intent.params), prefix);
  let verdict: Match = { is: 'none' };
  for (const other of foreign) {
    if (other.from_address !== intent.from_address || other.adopted_by !== null) continue;
    const isLater = other.seen_at.getTime() >= intent.created_at.getTime();
    if (other.content === null) {
      if (isLater && !sectors && verdict.is === 'none') verdict = { is: 'unknown', foreign: other };
      continue;
    }
    const isOpen = other.settled_at === null;
    const content = decodeMessage(storedBytes(other.content), prefix);
    const isSame = isContentOf(intent, content);
    if (isSame && (isLater || (isOpen && sectors))) return { is: 'same', foreign: other };
    if (!isOpen || !sectors) continue;
    const theirs = sectorsIn(content.to, content.method, content.params, prefix);
    if (theirs?.act === sectors.act && theirs.to === sectors.to && overlap(theirs.numbers, sectors.numbers))
      verdict = { is: 'rival', foreign: other };
  }
  return verdict;
}

interface SectorAct {
  readonly act: 'precommit' | 'commit';
  readonly to: string;
  readonly numbers: ReadonlySet<SectorNumber>;
}

/** The sectors that a message pre-commits or proves; undefined when it does neither. */
function sectorsIn(
  to: string,
  method: number,
  params: Uint8Array,
  prefix: AddressPrefix,
): SectorAct | undefined {
  try {
    if (method === MINER_METHODS.PreCommitSectorBatch2.number) {
      const { sectors } = decodeParamsOf(MINER_METHODS.PreCommitSectorBatch2, params, prefix);
      return { act: 'precommit', to, numbers: new Set(sectors.map(({ sectorNumber }) => sectorNumber)) };
    }
    if (method === MINER_METHODS.ProveCommitSectors3.number) {
      const { sectorActivations } = decodeParamsOf(MINER_METHODS.ProveCommitSectors3, params, prefix);
      return {
        act: 'commit',
        to,
        numbers: new Set(sectorActivations.map(({ sectorNumber }) => sectorNumber)),
      };
    }
  } catch (error) {
    // Another actor's method of this number.
    if (!isBeeproError(error, 'CBOR_MALFORMED')) throw error;
  }
  return undefined;
}

function overlap(a: ReadonlySet<SectorNumber>, b: ReadonlySet<SectorNumber>): boolean {
  for (const number of a) if (b.has(number)) return true;
  return false;
}
