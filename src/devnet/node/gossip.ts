import type { CidString } from '#core';
import type { ChainMessage } from '../chain/tipset.ts';
import { LotusError } from '../lotus-error.ts';
import type { Mempool } from '../mempool/mempool.ts';
import {
  coversBaseFee,
  PUBLISH_FACTOR,
  REPUBLISH_FACTOR,
  REPUBLISH_INTERVAL,
  REPUBLISH_LIMIT,
} from '../mempool/publishing.ts';
import type { NodeChain } from './node-chain.ts';

interface Peer {
  readonly chain: NodeChain;
  /** Neither hears nor is heard. */
  readonly isApart: () => boolean;
}

/**
 * How messages come from the node they were pushed to, to the others and to the producer. Source: Lotus
 * `chain/messagepool/republish.go` and `verifyMsgBeforeAdd` for what is published and when.
 */
export class Gossip {
  readonly #peers: Peer[] = [];
  readonly #producer: Mempool;
  readonly #delayMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(producer: Mempool, delayMs: number) {
    this.#producer = producer;
    this.#delayMs = delayMs;
  }

  join(peer: Peer): void {
    this.#peers.push(peer);
    let sinceLast = 0;
    peer.chain.heads.subscribe(() => {
      if (++sinceLast < REPUBLISH_INTERVAL) return;
      sinceLast = 0;
      this.#republish(peer);
    });
  }

  /** After a push: a message whose cap is far below the base fee stays with its node until it is republished. */
  pushed(from: NodeChain, message: ChainMessage): void {
    // A node alone is the producer's own, from whose mempool blocks are made without any publishing.
    const isAlone = this.#peers.length === 1;
    if (isAlone || coversBaseFee(message, from.head.header.parentBaseFee, PUBLISH_FACTOR))
      this.#publish(from, message);
  }

  /** As if a message had never come. */
  drop(cid: CidString): boolean {
    return [this.#producer, ...this.#peers.map(({ chain }) => chain.mempool)]
      .map((mempool) => mempool.drop(cid))
      .includes(true);
  }

  hold(cid: CidString, held: boolean): void {
    for (const mempool of [this.#producer, ...this.#peers.map(({ chain }) => chain.mempool)])
      mempool.hold(cid, held);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #republish({ chain }: Peer): void {
    const { parentBaseFee } = chain.head.header;
    const due = chain.mempool
      .local()
      .filter((message) => coversBaseFee(message, parentBaseFee, REPUBLISH_FACTOR));
    for (const message of due.slice(0, REPUBLISH_LIMIT)) this.#publish(chain, message);
  }

  #publish(from: NodeChain, message: ChainMessage): void {
    const sender = this.#peers.find(({ chain }) => chain === from);
    if (!sender || (sender.isApart() && this.#peers.length > 1)) return;
    if (this.#delayMs === 0 || this.#peers.length === 1) {
      this.#deliver(from, message);
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#deliver(from, message);
    }, this.#delayMs);
    this.#timers.add(timer);
  }

  #deliver(from: NodeChain, message: ChainMessage): void {
    accept(() => (this.#peers.length === 1 ? this.#producer.push(message) : this.#producer.receive(message)));
    for (const { chain, isApart } of this.#peers)
      if (chain !== from && !isApart())
        accept(() => {
          chain.mempool.receive(message);
          chain.heard(message);
        });
  }
}

/** A peer keeps to itself why it refused a message. */
function accept(take: () => void): void {
  try {
    take();
  } catch (error) {
    if (!(error instanceof LotusError)) throw error;
  }
}
