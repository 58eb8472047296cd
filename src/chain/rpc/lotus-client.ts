import { type ChainApi, createChainApi } from './chain-api.ts';
import { createNodeTransport, type NodeTransportOptions } from './node-transport.ts';

/**
 * One Lotus node.
 *
 * @example
 * const lotus = createLotusClient({ url: 'http://127.0.0.1:1234/rpc/v1', token: () => readSecret('env:LOTUS_TOKEN') });
 */
export function createLotusClient(options: NodeTransportOptions): ChainApi {
  return createChainApi(createNodeTransport(options));
}
