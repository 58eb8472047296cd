export { type ChainApi, type ChainPool, createChainApi, type LotusCalls } from './chain-api.ts';
export {
  type ConfiguredChain,
  type ConfiguredChainOptions,
  createConfiguredChain,
  type NodeView,
} from './configured-chain.ts';
export { type Endpoint, parseEndpoint } from './endpoint.ts';
export { type FollowHeadOptions, followHead } from './follow-head.ts';
export { parseJsonText, writeJsonText } from './json-text.ts';
export { createLotusClient } from './lotus-client.ts';
export { LOTUS_METHODS, type LotusMethod, type LotusParams, type LotusResult } from './methods.ts';
export { createNodeTransport, type NodeTransportOptions } from './node-transport.ts';
export { backoffMs } from './pool/backoff.ts';
export { type ChainRecord, databaseRecord, memoryRecord } from './pool/chain-record.ts';
export type { ChainIdentity } from './pool/identity.ts';
export { traitsOf } from './pool/method-traits.ts';
export type { MethodMetrics, NodeMetrics } from './pool/node-metrics.ts';
export type { NodeState } from './pool/verdict.ts';
export { type RpcErrorBody, rpcError } from './rpc-error.ts';
export type { CallOptions, RpcTransport, TokenSource } from './transport.ts';
export type { Invocation, MessageLookup, MessageWithCid, SendSpec } from './wire/message.ts';
export type {
  Deadline,
  MinerInfo,
  MinerPower,
  MiningBaseInfo,
  Partition,
  PreCommitOnChain,
  ProvingDeadline,
  SectorInfo,
  SectorLocation,
} from './wire/miner.ts';
export type {
  ActorState,
  MempoolConfig,
  NetworkParams,
  NodeStatus,
  SyncState,
  Version,
} from './wire/node.ts';
export {
  type BlockMessage,
  type BlockMessages,
  type BlockTemplate,
  type HeadChange,
  headChange,
  type TipSet,
} from './wire/tipset.ts';
