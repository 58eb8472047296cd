import { type ChainApi, createLotusClient } from '#chain';
import type { ChainNode } from '#config';
import { BeeproError, readSecret } from '#core';

/** The first of the configured nodes. @throws BeeproError `CHAIN_NODES_MISSING` */
export function openChain(nodes: readonly ChainNode[]): ChainApi {
  const [best] = nodes;
  if (!best) throw new BeeproError('CHAIN_NODES_MISSING');
  const { url, token } = best;
  return createLotusClient({ url, ...(token !== undefined && { token: () => readSecret(token) }) });
}
