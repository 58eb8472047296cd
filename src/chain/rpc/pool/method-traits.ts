import { LOTUS_METHODS, type LotusMethod } from '../methods.ts';

/**
 * What may be done with a call. `reach` says of what its answer is a function:
 * - `pinned`: of the tipset key it names, for ever; with an empty key, of the node's head
 * - `content`: of the CID it names, for ever
 * - `constant`: of the chain
 * - `lasting`: of an actor's identity, which does not change once it is there
 * - `head`: of the node's head, mempool or wallet, so that two nodes may well differ
 * - `node`: of the node itself
 */
export interface MethodTraits {
  readonly reach: 'pinned' | 'content' | 'constant' | 'lasting' | 'head' | 'node';
  /** Which parameter is the tipset key; −1 for none. */
  readonly keyAt: number;
  /** Whether it changes anything. */
  readonly writes: boolean;
  /**
   * Whether it may be given to another node although the first may have done it and died before it answered. True for
   * what reads, and for writes that are harmless when done twice.
   */
  readonly repeatable: boolean;
  /** Goes before what is not urgent when calls wait for a node. */
  readonly urgent: boolean;
  /** Waits inside the node: that it takes long says nothing of the node. */
  readonly waits: boolean;
}

/** Writes, and why each may or may not be given to another node. */
const WRITES: Readonly<Record<string, boolean>> = {
  // The same signed bytes are the same message, wherever they are pushed and however often.
  MpoolPush: true,
  // The node chooses the nonce and signs: a second one would be a second message.
  MpoolPushMessage: false,
  // Both kinds of signature are deterministic, and one more over the same bytes binds to nothing new.
  WalletSign: true,
  WalletSignMessage: true,
  // A second call makes a second key.
  WalletNew: false,
  // Signs inside the node: two blocks for one epoch are a consensus fault.
  MinerCreateBlock: false,
  // The same signed block is the same block: whoever has it already ignores it.
  SyncSubmitBlock: true,
};

/** Answers that follow from the node's head, mempool or wallet even where a tipset is named. */
const BY_HEAD: ReadonlySet<string> = new Set([
  ...['ChainHead', 'MpoolGetNonce', 'MpoolPending', 'MpoolSelect', 'MpoolGetConfig'],
  ...['GasEstimateGasLimit', 'GasEstimateGasPremium', 'GasEstimateFeeCap', 'GasEstimateMessageGas'],
  ...['WalletHas', 'WalletList', 'WalletDefaultAddress', 'WalletBalance'],
  // What has not landed yet may have by the next look, and a beacon entry that is not there may come.
  ...[
    'StateWaitMsg',
    'StateSearchMsg',
    'MinerGetBaseInfo',
    'StateGetBeaconEntry',
    'ChainHasObj',
    'StateCall',
  ],
]);
const BY_CONTENT: ReadonlySet<string> = new Set([
  ...['ChainGetBlock', 'ChainGetBlockMessages', 'ChainGetParentMessages', 'ChainGetParentReceipts'],
  ...['ChainGetMessage', 'ChainReadObj'],
]);
const CONSTANT: ReadonlySet<string> = new Set([
  ...['ChainGetGenesis', 'StateNetworkName', 'StateGetNetworkParams'],
  ...['StateActorCodeCIDs', 'StateActorManifestCID', 'WalletVerify'],
]);
const LASTING: ReadonlySet<string> = new Set([
  'StateAccountKey',
  'StateLookupID',
  'StateLookupRobustAddress',
]);
const OF_NODE: ReadonlySet<string> = new Set([
  ...['Version', 'ID', 'AuthVerify', 'NetAddrsListen', 'NetPeers', 'NodeStatus', 'SyncState'],
]);
const URGENT: ReadonlySet<string> = new Set([
  ...[
    'MpoolPush',
    'WalletSign',
    'WalletSignMessage',
    'MinerGetBaseInfo',
    'MinerCreateBlock',
    'SyncSubmitBlock',
  ],
]);

/** Names of Lotus' methods that ask and change nothing; permission `read` in `api/api_full.go`. */
const READS =
  /^(State|ChainGet|ChainHas|ChainRead|ChainStat|ChainTipSet|MsigGet|GasEstimate|MpoolGet|MpoolPending|MpoolSelect|MpoolCheck|SyncState|SyncCheckBad|Net(Peers|AddrsListen|Bandwidth|Connectedness|AutoNat|PeerInfo|FindPeer)|F3(Get(Cert|Manifest|ECPower|F3Power|Latest|Progress)|Is|List)|Eth(Get|Chain|Block|Gas|Fee|Call|Estimate|MaxPriority|Protocol)|GetActorEvents|MarketGet|WalletValidate|Web3|NetVersion|NetListening)/;

const TIP_SET_KEY: unknown = LOTUS_METHODS.ChainGetTipSet.params[0];

const TRAITS: ReadonlyMap<string, MethodTraits> = new Map(
  Object.keys(LOTUS_METHODS).map((method) => [method, traitsFor(method as LotusMethod)]),
);

/** A method that the table of methods does not have is treated as one of the node's head that cannot be repeated. */
export function traitsOf(method: string): MethodTraits {
  return (
    TRAITS.get(method) ?? {
      ...{ reach: 'head', keyAt: -1, writes: !READS.test(method), urgent: false, waits: false },
      repeatable: READS.test(method),
    }
  );
}

function traitsFor(method: LotusMethod): MethodTraits {
  const writes = Object.hasOwn(WRITES, method);
  const params: readonly unknown[] = LOTUS_METHODS[method].params;
  const keyAt = params.indexOf(TIP_SET_KEY);
  return {
    reach: reachOf(method, keyAt, writes),
    keyAt,
    writes,
    repeatable: writes ? (WRITES[method] ?? false) : true,
    urgent: URGENT.has(method),
    waits: method === 'StateWaitMsg',
  };
}

function reachOf(method: LotusMethod, keyAt: number, writes: boolean): MethodTraits['reach'] {
  if (writes || BY_HEAD.has(method)) return 'head';
  if (OF_NODE.has(method)) return 'node';
  if (BY_CONTENT.has(method)) return 'content';
  if (CONSTANT.has(method)) return 'constant';
  if (LASTING.has(method)) return 'lasting';
  return keyAt >= 0 ? 'pinned' : 'head';
}
