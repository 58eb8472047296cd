import type { AddressString, AttoFil, CidString, Epoch } from '#core';
import type { HeadChange } from '../chain/head-changes.ts';
import type { ChainMessage } from '../chain/tipset.ts';
import { LotusError } from '../lotus-error.ts';
import { type ChainState, findActor } from '../state/index.ts';
import { printWholeFil } from './fil.ts';
import { prunedMessages } from './prune.ts';
import { coversBaseFee, PUBLISH_FACTOR } from './publishing.ts';
import { DEFAULT_MEMPOOL, type MempoolRules } from './rules.ts';
import { selectFrom } from './selection.ts';
import { requiredFunds, SenderQueue } from './sender-queue.ts';
import { checkInclusion, checkMessage } from './validity.ts';

/** What the mempool judges by: the state after the head's messages. */
export interface MempoolView {
  readonly state: ChainState;
  readonly height: Epoch;
  /** The base fee of the head's block. */
  readonly baseFee: AttoFil;
}

/** Pending messages of every sender. Source: Lotus `chain/messagepool`. */
export class Mempool {
  readonly #queues = new Map<AddressString, SenderQueue>();
  readonly #view: () => MempoolView;
  /** Messages kept out of blocks, as a node's own are that no producer wants. */
  readonly #held = new Set<CidString>();

  /** Whose messages were pushed here: they are republished, and no pruning takes them. */
  readonly #local = new Set<AddressString>();
  readonly rules: MempoolRules;

  constructor(view: () => MempoolView, rules: MempoolRules = DEFAULT_MEMPOOL) {
    this.#view = view;
    this.rules = rules;
  }

  /**
   * Takes a message that was pushed to this node. A node of Lotus lets its own user leave any gap of nonces and only
   * its peers refuse the message; this one tells its user at once.
   * @throws LotusError in Lotus' words
   */
  push(message: ChainMessage): void {
    this.#add(message);
    this.#local.add(message.signed.message.from);
  }

  /** Takes a message from a peer, which must pay what may be included soon. @throws LotusError */
  receive(message: ChainMessage): void {
    if (!coversBaseFee(message, this.#view().baseFee, PUBLISH_FACTOR))
      throw new LotusError(
        'GasFeeCap doesn’t meet base fee lower bound for inclusion in the next 20 blocks: soft validation failure',
      );
    this.#add(message);
  }

  #add(message: ChainMessage): void {
    checkMessage(message);
    const { from, nonce } = message.signed.message;
    const { state } = this.#view();
    const sender = findActor(state, from);
    if (!sender)
      throw new LotusError(
        `failed to look up actor state nonce: resolution lookup failed (${from}): resolve address ${from}: actor not found: validation failure`,
      );
    if (sender.nonce > nonce)
      throw new LotusError(`minimum expected nonce is ${sender.nonce}, got ${nonce}: message nonce too low`);
    checkInclusion(message);
    this.#checkBalance(message, sender.balance);
    try {
      this.#queue(from).add(message, true);
    } catch (error) {
      if (error instanceof LotusError) throw new LotusError(`failed to add locked: ${error.message}`);
      throw error;
    }
    this.#prune();
  }

  #prune(): void {
    const pending = this.pending();
    if (pending.length <= this.rules.sizeLimitHigh) return;
    for (const { cid } of prunedMessages(pending, this.#local, this.rules.sizeLimitLow)) this.drop(cid);
  }

  #checkBalance(message: ChainMessage, balance: AttoFil): void {
    const { from, nonce } = message.signed.message;
    const own = requiredFunds(message);
    const fail = (what: string, required: AttoFil, kind: string) =>
      new LotusError(
        `failed to check balance: ${what} (required: ${printWholeFil(required)}, balance: ${printWholeFil(balance)}): ${kind}`,
      );
    if (balance < own) throw fail('not enough funds', own, 'not enough funds to execute transaction');
    const all = own + (this.#queues.get(from)?.reservedFunds(nonce) ?? 0n);
    if (balance < all) throw fail('not enough funds including pending messages', all, 'validation failure');
  }

  /** The next nonce of a sender, its pending messages counted. @throws LotusError for an unknown sender */
  nextNonce(from: AddressString): number {
    const sender = findActor(this.#view().state, from);
    if (!sender)
      throw new LotusError(`resolution lookup failed (${from}): resolve address ${from}: actor not found`);
    const queue = this.#queues.get(sender.robustAddress ?? from);
    return Math.max(queue?.nextNonce ?? 0, sender.nonce);
  }

  /** All pending messages, by sender and nonce. */
  pending(): ChainMessage[] {
    return [...this.#queues.values()].flatMap((queue) => queue.messages());
  }

  pendingOf(from: AddressString): ChainMessage[] {
    return this.#queues.get(from)?.messages() ?? [];
  }

  find(cid: CidString): ChainMessage | undefined {
    return this.pending().find((message) => message.cid === cid);
  }

  /** The messages of a block on top of the head. */
  select(baseFee: AttoFil): ChainMessage[] {
    const wanted = this.pending().filter(({ cid }) => !this.#held.has(cid));
    return selectFrom(this.#view().state, wanted, baseFee);
  }

  /** Pending messages of those who push here, by sender and nonce. */
  local(): ChainMessage[] {
    return [...this.#local].flatMap((from) => this.pendingOf(from));
  }

  /** Follows the head: what the new chain applied goes, what only the old one had comes back. */
  follow(changes: readonly HeadChange[], chain: { isVanished(cid: CidString): boolean }): void {
    const messages = (type: HeadChange['type']) =>
      changes.filter((change) => change.type === type).map(({ tipSet }) => tipSet.messages);
    for (const message of messages('revert').reverse().flat()) {
      if (chain.isVanished(message.cid)) continue;
      const { from, nonce } = message.signed.message;
      const queue = this.#queue(from);
      if (queue.get(nonce)) continue;
      queue.add(message, false);
    }
    for (const { signed } of messages('apply').flat()) {
      const { from, nonce } = signed.message;
      const queue = this.#queues.get(from);
      queue?.applied(nonce);
      if (queue?.size === 0) this.#queues.delete(from);
    }
  }

  /** Removes a message as if it had never come; false when it is not here. */
  drop(cid: CidString): boolean {
    const message = this.find(cid);
    if (!message) return false;
    this.#queues.get(message.signed.message.from)?.drop(message.signed.message.nonce);
    return true;
  }

  /** Keeps a message out of blocks, or lets it go again. */
  hold(cid: CidString, held: boolean): void {
    if (held) this.#held.add(cid);
    else this.#held.delete(cid);
  }

  #queue(from: AddressString): SenderQueue {
    const known = this.#queues.get(from);
    if (known) return known;
    const queue = new SenderQueue(findActor(this.#view().state, from)?.nonce ?? 0);
    this.#queues.set(from, queue);
    return queue;
  }
}
