import type { Epoch } from '#core';
import type { CreatedAt, Json } from './columns.ts';

/** One row, `id` 1: the chain that this installation belongs to, as its nodes told it at the first contact. */
export interface ChainIdentityTable {
  id: number;
  network_name: string;
  genesis_cid: string;
  /** The newest that was agreed on; it grows with the network's upgrades. */
  network_version: number;
  recorded_at: CreatedAt;
}

/** How the coordinator's pool sees each node of `chain.nodes`, for people: nothing is decided from it. */
export interface ChainNodeTable {
  /** As the setting names it: never with a token. */
  url: string;
  /** Host and port. */
  node: string;
  /** Its place in the setting, from 0. */
  position: number;
  state: string;
  /** A sentence: why it is not in rotation, or what is odd about it. */
  reason: string;
  error_code: string | null;
  network_name: string | null;
  network_version: number | null;
  height: Epoch | null;
  /** Epochs behind the chain. */
  lag: Epoch | null;
  latency_ms: number | null;
  /** Share of calls that failed, 0 to 1, the newest counting most. */
  error_rate: number;
  /** Since the coordinator's process started. */
  calls: number;
  errors: number;
  /** What it was at the newest looks, the oldest first: `[lag, latency in ms, error rate]`. */
  recent: Json<(readonly [number | null, number | null, number])[]>;
  seen_at: Date;
}

/** A head that the coordinator decided from. The newest rows of the table are one chain, back to finality. */
export interface SeenTipsetTable {
  height: Epoch;
  /** Its key: the CIDs of its blocks, joined by commas. */
  tipset: string;
  seen_at: CreatedAt;
}
