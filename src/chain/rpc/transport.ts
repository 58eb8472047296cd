/** What a call may be given besides its parameters. */
export interface CallOptions {
  /** Ends the call with `CHAIN_CANCELLED`. */
  readonly signal?: AbortSignal;
  /** Instead of the method's own, in ms; at most 300,000. */
  readonly timeoutMs?: number;
  /** Goes before other calls that wait for the same node. */
  readonly urgent?: boolean;
}

/**
 * The seam under {@link ChainApi}: what carries calls to a node, or chooses one among several. It knows JSON, not
 * Filecoin.
 */
export interface RpcTransport {
  /** How messages and logs name what answers: host and port, never credentials. */
  readonly node: string;
  /**
   * The `result` of `Filecoin.<method>`, as JSON with big numbers as bigint.
   * @throws BeeproError `CHAIN_…`
   */
  request(
    method: string,
    params: readonly unknown[],
    options: CallOptions & { readonly timeoutMs: number },
  ): Promise<unknown>;
  /**
   * Values of a method that answers with a channel, for as long as one connection lasts; ends or throws with it.
   * @throws BeeproError `CHAIN_…`
   */
  subscribe(method: string, params: readonly unknown[], options: CallOptions): AsyncIterable<unknown>;
  close(): Promise<void>;
}

/** Gives the token whenever one is needed, so that it can be replaced while running; undefined for none. */
export type TokenSource = () => string | undefined | Promise<string | undefined>;
