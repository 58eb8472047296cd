import type { AddressString, CidString, Epoch } from '#core';
import type { ChainMessage } from '../chain/tipset.ts';
import { FaultGate } from '../faults/fault-gate.ts';
import { type Faults, NO_FAULTS } from '../faults/faults.ts';
import { LotusError } from '../lotus-error.ts';
import type { Permission, TokenAuthority } from '../rpc/auth.ts';
import type { ListenAddress } from '../rpc/listen-address.ts';
import type { MempoolLog } from '../storage/mempool-log.ts';
import type { Gossip } from './gossip.ts';
import type { NodeChain } from './node-chain.ts';

/** What the node is reached by. */
interface Port {
  /** Begins to listen, or goes on; gives where. @throws BeeproError `DEVNET_LISTEN_FAILED` */
  open(listen: ListenAddress): Promise<ListenAddress>;
  /** Refuses connections and cuts those that are open. */
  close(): Promise<void>;
}

/** What becomes wrong, or right again; what is left out or undefined stays. */
export type FaultChange = { readonly [F in keyof Faults]?: Faults[F] | undefined };

/** How a node stands. */
export interface NodeStanding {
  readonly node: number;
  readonly url: string;
  readonly height: Epoch;
  /** Messages in its mempool. */
  readonly pending: number;
  readonly faults: Faults;
}

/** One of the chain's endpoints: an address, tokens, a head and a mempool of its own, and what is wrong with it. */
export class DevnetNode {
  readonly index: number;
  readonly chain: NodeChain;
  readonly gate: FaultGate;
  readonly #gossip: Gossip;
  readonly #log: MempoolLog;
  readonly #tokens: TokenAuthority;
  #port: Port | undefined;
  #address: ListenAddress | undefined;
  #healing: NodeJS.Timeout | undefined;
  /** Opening and closing its port happen one after another. */
  #turn: Promise<void> = Promise.resolve();

  constructor(
    index: number,
    chain: NodeChain,
    gossip: Gossip,
    log: MempoolLog,
    tokens: TokenAuthority,
    random: () => number,
  ) {
    this.index = index;
    this.chain = chain;
    this.#gossip = gossip;
    this.#log = log;
    this.#tokens = tokens;
    // The cut call's own connection is closed first, by the server.
    this.gate = new FaultGate(() => void this.fault({ dieAfter: null, down: true }), random);
    gossip.join({ chain, isApart: () => this.faults.partitioned || this.faults.down });
  }

  /** `http://127.0.0.1:PORT/rpc/v1`; the same path takes WebSockets. */
  get url(): string {
    const { host, port } = this.#address ?? { host: '', port: 0 };
    return `http://${host.includes(':') ? `[${host}]` : host}:${port}/rpc/v1`;
  }

  get faults(): Faults {
    return this.gate.faults;
  }

  get standing(): NodeStanding {
    const { index, url, chain, faults } = this;
    return { node: index, url, height: chain.head.height, pending: chain.mempool.pending().length, faults };
  }

  /** An admin token; also in the folder's file `token`, or `token-1` and so on for the others. */
  get token(): string {
    return this.tokenFor('admin');
  }

  tokenFor(permission: Permission): string {
    return this.#tokens.issueFor(permission);
  }

  /**
   * Makes these things wrong beside what is wrong already; back to right by the same call, or by {@link heal}, or by
   * itself after `forMs`.
   */
  async fault(change: FaultChange, forMs?: number): Promise<void> {
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const faults: Faults = { ...this.faults, ...Object.fromEntries(given) };
    this.gate.faults = faults;
    this.chain.lag = faults.lag;
    if (forMs !== undefined) this.#healIn(forMs);
    const done = this.#turn.then(() => this.#openOrClose());
    this.#turn = done.catch(() => undefined);
    await done;
  }

  #healIn(ms: number): void {
    clearTimeout(this.#healing);
    // Its port may be taken for a moment: it tries again.
    this.#healing = setTimeout(() => this.heal().catch(() => this.#healIn(1_000)), ms);
  }

  async #openOrClose(): Promise<void> {
    if (!this.#port || !this.#address) return;
    if (this.faults.down) await this.#port.close();
    else await this.#port.open(this.#address);
  }

  heal(): Promise<void> {
    clearTimeout(this.#healing);
    return this.fault(NO_FAULTS);
  }

  /** Takes a message as `MpoolPush` does, and tells the others. @throws LotusError */
  push(message: ChainMessage): void {
    this.chain.mempool.push(message);
    try {
      this.#log.append(message);
    } catch (error) {
      // What the caller is told has failed must not be sent all the same.
      this.chain.mempool.drop(message.cid);
      throw error;
    }
    this.chain.heard(message);
    this.#gossip.pushed(this.chain, message);
  }

  /** Takes back what it had taken before it was started again. */
  restore(
    messages: readonly ChainMessage[],
    dropped: ReadonlySet<CidString>,
    nonceOf: (from: AddressString) => number,
  ): void {
    for (const message of messages) {
      this.chain.heard(message);
      const { from, nonce } = message.signed.message;
      if (dropped.has(message.cid) || nonce < nonceOf(from)) continue;
      try {
        this.chain.mempool.push(message);
      } catch (error) {
        // Replaced, or no longer payable: not pending.
        if (!(error instanceof LotusError)) throw error;
        continue;
      }
      this.#gossip.pushed(this.chain, message);
    }
  }

  forget(cid: CidString): void {
    this.#log.appendDrop(cid);
  }

  /** @throws BeeproError `DEVNET_LISTEN_FAILED` */
  async serve(port: Port, listen: ListenAddress): Promise<void> {
    this.#address = await port.open(listen);
    this.#port = port;
  }

  async close(): Promise<void> {
    clearTimeout(this.#healing);
    await this.#turn;
    await this.#port?.close();
    this.#log.close();
  }
}
