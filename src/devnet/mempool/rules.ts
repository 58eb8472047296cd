/** What an operator may set of a mempool. Source: Lotus `types.MpoolConfig`, `DefaultConfig`. */
export interface MempoolRules {
  /** With more messages than this it is pruned. */
  readonly sizeLimitHigh: number;
  /** Down to so many. */
  readonly sizeLimitLow: number;
}

export const DEFAULT_MEMPOOL: MempoolRules = { sizeLimitHigh: 30_000, sizeLimitLow: 20_000 };
