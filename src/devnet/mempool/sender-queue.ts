import type { AttoFil } from '#core';
import type { ChainMessage } from '../chain/tipset.ts';
import { LotusError } from '../lotus-error.ts';

/** Source: Lotus `MaxNonceGap`, `MaxActorPendingMessages`. */
const MAX_NONCE_GAP = 4;
const MAX_PENDING = 1000;
/** A replacement pays at least a tenth more, and one. Source: Lotus `ReplaceByFeePercentageMinimum`. */
const REPLACE_BY_FEE_PERCENT = 110n;

export function minimumReplacementPremium(current: AttoFil): AttoFil {
  return (current * REPLACE_BY_FEE_PERCENT) / 100n + 1n;
}

/** What a message may take from its sender at most. Source: Lotus `Message.RequiredFunds`. */
export function requiredFunds({ signed: { message } }: ChainMessage): AttoFil {
  return message.gasFeeCap * message.gasLimit + message.value;
}

/**
 * The pending messages of one sender, one for each nonce, and the nonce after the last without a gap.
 * Source: Lotus `msgSet`.
 */
export class SenderQueue {
  readonly #messages = new Map<number, ChainMessage>();
  #nextNonce: number;

  constructor(nextNonce: number) {
    this.#nextNonce = nextNonce;
  }

  get nextNonce(): number {
    return this.#nextNonce;
  }

  get size(): number {
    return this.#messages.size;
  }

  get(nonce: number): ChainMessage | undefined {
    return this.#messages.get(nonce);
  }

  /** By ascending nonce. */
  messages(): ChainMessage[] {
    return [...this.#messages.values()].sort((a, b) => a.signed.message.nonce - b.signed.message.nonce);
  }

  /** Reserved for all messages but that of `nonce`. */
  reservedFunds(exceptNonce: number): AttoFil {
    let sum = 0n;
    for (const [nonce, message] of this.#messages) if (nonce !== exceptNonce) sum += requiredFunds(message);
    return sum;
  }

  /**
   * Adds or replaces. `strict` holds a pushed message to the gap rule; a node's own return from a reorg is not.
   * @throws LotusError
   */
  add(added: ChainMessage, strict: boolean): void {
    const { message } = added.signed;
    let next = this.#nextNonce;
    const gap = message.nonce > next;
    if (strict && message.nonce > next + MAX_NONCE_GAP)
      throw new LotusError(
        `message nonce has too big a gap from expected nonce (Nonce: ${message.nonce}, nextNonce: ${next}): unfulfilled nonce gap`,
      );
    const known = this.#messages.get(message.nonce);
    if (known) this.#checkReplacement(added, known, strict && gap);
    else if (this.#messages.size >= MAX_PENDING) throw new LotusError('too many pending messages for actor');
    if (message.nonce === next)
      do next++;
      while (this.#messages.has(next));
    this.#nextNonce = next;
    this.#messages.set(message.nonce, added);
  }

  #checkReplacement(added: ChainMessage, known: ChainMessage, gap: boolean): void {
    const { from, nonce, gasPremium } = added.signed.message;
    if (gap)
      throw new LotusError(
        `rejecting replace by fee because of nonce gap (Nonce: ${nonce}, nextNonce: ${this.#nextNonce}): unfulfilled nonce gap`,
      );
    if (added.cid === known.cid)
      throw new LotusError(
        `message from ${from} with nonce ${nonce} already in mpool: message with nonce already exists`,
      );
    const minimum = minimumReplacementPremium(known.signed.message.gasPremium);
    if (gasPremium < minimum)
      throw new LotusError(
        `message from ${from} with nonce ${nonce} already in mpool, increase GasPremium to ${minimum} from ${gasPremium} to trigger replace by fee: replace by fee has too low GasPremium`,
      );
  }

  /** Takes out what a block has applied, whichever message of the nonce that was. */
  applied(nonce: number): void {
    this.#messages.delete(nonce);
    if (nonce < this.#nextNonce) return;
    this.#nextNonce = nonce + 1;
    while (this.#messages.has(this.#nextNonce)) this.#nextNonce++;
  }

  /** Takes a message out as if it had never come. */
  drop(nonce: number): void {
    if (this.#messages.delete(nonce) && nonce < this.#nextNonce) this.#nextNonce = nonce;
  }
}
