import { equalBytes, type Message, type MessageReceipt } from '#codec';
import type { CidString, Epoch } from '#core';
import { LotusError } from '../lotus-error.ts';
import type { NodeChain } from '../node/node-chain.ts';
import type { TipSet } from './tipset.ts';

/** A message that was executed: which (it may be a replacement), in which tipset, with what result. */
export interface FoundMessage {
  readonly cid: CidString;
  readonly receipt: MessageReceipt;
  /** The tipset whose making executed it: the child of the one that includes it. */
  readonly executing: TipSet;
  readonly including: TipSet;
  readonly index: number;
}

export interface SearchTerms {
  /** How many epochs below `from` to look; negative for all. */
  readonly lookback: Epoch;
  readonly allowReplaced: boolean;
}

/** The message itself, from the chain or the mempool, as far as this node knows either. @throws LotusError */
export function knownMessage(chain: NodeChain, cid: CidString): Message {
  const found = chain.findMessage(cid);
  if (found) return found.signed.message;
  const why = chain.find(cid) ? 'cbor input had wrong number of fields' : `ipld: could not find ${cid}`;
  throw new LotusError(why);
}

/**
 * Looks for the execution of a message on the chain that ends in `from`. Undefined when there is none yet.
 * Source: Lotus `chain/stmgr/searchwait.go`. @throws LotusError
 */
export function searchMessage(
  chain: NodeChain,
  cid: CidString,
  from: TipSet,
  { lookback, allowReplaced }: SearchTerms,
): FoundMessage | undefined {
  const wanted = loadForSearch(chain, cid);
  for (const { message, tipSet, index } of chain.messages.inclusions(wanted.from, wanted.nonce)) {
    if (!isAncestor(chain, tipSet, from)) continue;
    const executing = childToward(chain, tipSet, from);
    const receipt = chain.store.resultOf(tipSet)?.receipts[index];
    if (!executing || !receipt) continue;
    if (lookback > 0 && executing.height < from.height - lookback) continue;
    const found = message.signed.message;
    const where = `(F:${cid} n ${wanted.nonce}, TS: ${message.cid} n${found.nonce})`;
    if (!sameCall(found, wanted))
      throw new LotusError(
        `message was replaced: found message with equal nonce as the one we are looking for that is NOT a valid replacement message ${where}`,
      );
    if (message.cid !== cid && !allowReplaced)
      throw new LotusError(
        `message was replaced: found message with equal nonce as the one we are looking for ${where}`,
      );
    return { cid: message.cid, receipt, executing, including: tipSet, index };
  }
  return undefined;
}

/** @throws LotusError with Lotus' own misprint, as recorded */
function loadForSearch(chain: NodeChain, cid: CidString): Message {
  try {
    return knownMessage(chain, cid);
  } catch (error) {
    if (!(error instanceof LotusError)) throw error;
    throw new LotusError(`%!w(*errors.errorString=&{failed to load message}): ${error.message}`);
  }
}

/** Replacements differ only in what they pay. */
function sameCall(a: Message, b: Message): boolean {
  return (
    a.to === b.to &&
    a.from === b.from &&
    a.value === b.value &&
    a.method === b.method &&
    equalBytes(a.params, b.params)
  );
}

function isAncestor(chain: NodeChain, tipSet: TipSet, from: TipSet): boolean {
  return tipSet.height < from.height && chain.store.atHeight(tipSet.height, from, 'after').cid === tipSet.cid;
}

function childToward(chain: NodeChain, tipSet: TipSet, from: TipSet): TipSet | undefined {
  const child = chain.store.atHeight(tipSet.height + 1, from, 'after');
  return child.parent === tipSet.cid ? child : undefined;
}

/** Waits until a message was executed and `confidence` epochs lie on top, whatever reorgs come between. */
export function waitForMessage(
  chain: NodeChain,
  cid: CidString,
  confidence: Epoch,
  terms: SearchTerms,
  signal: AbortSignal,
): Promise<FoundMessage> {
  return new Promise((resolve, reject) => {
    const end = (finish: () => void): void => {
      unsubscribe();
      signal.removeEventListener('abort', aborted);
      finish();
    };
    const aborted = (): void => end(() => reject(new LotusError('context canceled')));
    const look = (): void => {
      try {
        const found = searchMessage(chain, cid, chain.head, terms);
        if (found && chain.head.height - found.executing.height >= confidence) end(() => resolve(found));
      } catch (error) {
        end(() => reject(error));
      }
    };
    const unsubscribe = chain.heads.subscribe(look);
    signal.addEventListener('abort', aborted, { once: true });
    if (signal.aborted) aborted();
    else look();
  });
}
