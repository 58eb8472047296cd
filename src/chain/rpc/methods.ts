import { z } from 'zod';
import { call, defineMethods, LONGEST_CALL_MS, SECOND, waiting } from './method.ts';
import * as m from './wire/message.ts';
import * as s from './wire/miner.ts';
import * as n from './wire/node.ts';
import * as p from './wire/primitives.ts';
import * as t from './wire/tipset.ts';

const tag = p.int;
const text = z.string();
const bool = z.boolean();
const nothing = z.null();

/**
 * The part of Lotus' v1 JSON-RPC that this project speaks: each method's parameters in order, and its answer.
 * Client and devnet use the same table, one in each direction. An absent sector or message is `null`.
 * A tipset key `[]` means the node's head. Source: Lotus `api/api_full.go`, v1.36.
 */
export const LOTUS_METHODS = defineMethods({
  Version: call([], n.version),
  ID: call([], text),
  AuthVerify: call([text], p.list(text)),
  NetAddrsListen: call([], n.peerAddresses),
  NetPeers: call([], p.list(n.peerAddresses)),
  NodeStatus: call([bool], n.nodeStatus),
  SyncState: call([], n.syncState),

  ChainHead: call([], t.tipSet),
  ChainGetGenesis: call([], t.tipSet),
  ChainGetTipSet: call([p.tipSetKey], t.tipSet),
  /** At a null round: the tipset before it. */
  ChainGetTipSetByHeight: call([p.epoch, p.tipSetKey], t.tipSet),
  /** At a null round: the tipset after it. */
  ChainGetTipSetAfterHeight: call([p.epoch, p.tipSetKey], t.tipSet),
  /** From one tipset to another: what is reverted, newest first, then what is applied. */
  ChainGetPath: call([p.tipSetKey, p.tipSetKey], p.list(t.headChange)),
  ChainTipSetWeight: call([p.tipSetKey], p.bigInt),
  ChainGetBlock: call([p.cid], t.blockHeader),
  ChainGetBlockMessages: call([p.cid], t.blockMessages),
  /** Messages of the block's parent tipset, in order of execution. */
  ChainGetParentMessages: call([p.cid], p.listOrNull(m.messageWithCid)),
  /** Their receipts, in the same order. */
  ChainGetParentReceipts: call([p.cid], p.list(m.receipt)),
  /** A message on chain or in the mempool; for a signed secp256k1 message, the bare one inside. */
  ChainGetMessage: call([p.cid], m.message),
  ChainReadObj: call([p.cid], p.bytes),
  ChainHasObj: call([p.cid], bool),
  ChainGetNode: call([text], n.ipldNode),

  StateNetworkName: call([], text),
  StateNetworkVersion: call([p.tipSetKey], p.uint),
  StateGetNetworkParams: call([], n.networkParams),
  StateGetActor: call([p.address, p.tipSetKey], n.actor),
  StateReadState: call([p.address, p.tipSetKey], n.actorState),
  StateAccountKey: call([p.address, p.tipSetKey], p.address),
  StateLookupID: call([p.address, p.tipSetKey], p.address),
  StateLookupRobustAddress: call([p.address, p.tipSetKey], p.address),
  StateActorCodeCIDs: call([p.uint], n.actorCodes),
  StateActorManifestCID: call([p.uint], p.cid),
  StateCirculatingSupply: call([p.tipSetKey], p.bigInt),
  StateVMCirculatingSupplyInternal: call([p.tipSetKey], n.circulatingSupply),
  StateMarketBalance: call([p.address, p.tipSetKey], n.marketBalance),
  StateDecodeParams: call([p.address, p.uint, p.bytes, p.tipSetKey], z.unknown()),
  StateCompute: call([p.epoch, p.listOrNull(m.message), p.tipSetKey], n.computedState, LONGEST_CALL_MS),
  /** Ignores the gas limit: a call that succeeds here may still run out of gas. */
  StateCall: call([m.message, p.tipSetKey], m.invocation, 60 * SECOND),
  StateReplay: call([p.tipSetKey, p.cid], m.invocation, 120 * SECOND),
  /** Parameters: from, message, how many epochs to look back (−1: all), whether a replacement counts. */
  StateSearchMsg: call([p.tipSetKey, p.cid, p.epoch, bool], m.messageLookup.nullable(), 60 * SECOND),
  /** Parameters: message, confidence in epochs, look-back (−1: all), whether a replacement counts. */
  StateWaitMsg: waiting([p.cid, p.uint, p.epoch, bool], m.messageLookup),

  StateListMiners: call([p.tipSetKey], p.list(p.address), 120 * SECOND),
  StateMinerInfo: call([p.address, p.tipSetKey], s.minerInfo),
  StateMinerPower: call([p.address, p.tipSetKey], s.minerPower),
  StateMinerAvailableBalance: call([p.address, p.tipSetKey], p.bigInt),
  StateMinerProvingDeadline: call([p.address, p.tipSetKey], s.provingDeadline),
  StateMinerDeadlines: call([p.address, p.tipSetKey], p.list(s.deadline)),
  StateMinerPartitions: call([p.address, p.uint, p.tipSetKey], p.listOrNull(s.partition)),
  StateMinerFaults: call([p.address, p.tipSetKey], p.bitField),
  StateMinerRecoveries: call([p.address, p.tipSetKey], p.bitField),
  StateMinerSectorCount: call([p.address, p.tipSetKey], s.sectorCount),
  /** A `null` bitfield asks for all sectors. */
  StateMinerSectors: call(
    [p.address, p.bitField.nullable(), p.tipSetKey],
    p.list(s.sectorInfo),
    120 * SECOND,
  ),
  StateMinerActiveSectors: call([p.address, p.tipSetKey], p.list(s.sectorInfo), 120 * SECOND),
  StateMinerAllocated: call([p.address, p.tipSetKey], p.bitField),
  StateMinerSectorAllocated: call([p.address, p.uint, p.tipSetKey], bool),
  StateSectorPreCommitInfo: call([p.address, p.uint, p.tipSetKey], s.preCommitOnChain.nullable()),
  StateSectorGetInfo: call([p.address, p.uint, p.tipSetKey], s.sectorInfo.nullable()),
  StateSectorExpiration: call([p.address, p.uint, p.tipSetKey], s.sectorExpiration),
  /** An absent sector is the error `CHAIN_SECTOR_NOT_DUE`. */
  StateSectorPartition: call([p.address, p.uint, p.tipSetKey], s.sectorLocation),
  StateMinerPreCommitDepositForPower: call([p.address, s.preCommitInfo, p.tipSetKey], p.bigInt),
  StateMinerInitialPledgeCollateral: call([p.address, s.preCommitInfo, p.tipSetKey], p.bigInt),
  /** Parameters: duration in epochs, sector size and verified size in bytes. */
  StateMinerInitialPledgeForSector: call([p.uint, p.uint, p.uint, p.tipSetKey], p.bigInt),
  StateMinerCreationDeposit: call([p.tipSetKey], p.bigInt),

  /** Parameters: what for, epoch, entropy, tipset. */
  StateGetRandomnessFromTickets: call([tag, p.epoch, p.bytes, p.tipSetKey], p.bytes),
  StateGetRandomnessFromBeacon: call([tag, p.epoch, p.bytes, p.tipSetKey], p.bytes),
  StateGetRandomnessDigestFromTickets: call([p.epoch, p.tipSetKey], p.bytes),
  StateGetRandomnessDigestFromBeacon: call([p.epoch, p.tipSetKey], p.bytes),
  StateGetBeaconEntry: call([p.epoch], t.beaconEntry),

  WalletNew: call([z.enum(['secp256k1', 'bls'])], p.address),
  WalletHas: call([p.address], bool),
  WalletList: call([], p.list(p.address)),
  WalletDefaultAddress: call([], p.address),
  WalletBalance: call([p.address], p.bigInt),
  WalletSign: call([p.address, p.bytes], m.signature),
  WalletSignMessage: call([p.address, m.message], m.signedMessage),
  WalletVerify: call([p.address, p.bytes, m.signature], bool),

  MpoolGetNonce: call([p.address], p.uint),
  MpoolPending: call([p.tipSetKey], p.list(m.signedMessage)),
  MpoolSelect: call([p.tipSetKey, z.number()], p.list(m.signedMessage)),
  MpoolPush: call([m.signedMessage], p.cid),
  MpoolPushMessage: call([m.message, m.sendSpec.nullable()], m.signedMessage),
  MpoolGetConfig: call([], n.mempoolConfig),

  GasEstimateGasLimit: call([m.message, p.tipSetKey], p.int64, 60 * SECOND),
  GasEstimateGasPremium: call([p.uint, p.address, p.int64, p.tipSetKey], p.bigInt),
  GasEstimateFeeCap: call([m.message, p.int64, p.tipSetKey], p.bigInt),
  /** Fills in gas limit, fee cap and premium; applies pending messages; reports out of gas and reverts. */
  GasEstimateMessageGas: call([m.message, m.sendSpec.nullable(), p.tipSetKey], m.message, 60 * SECOND),

  /** `null` when the miner cannot win at this epoch. */
  MinerGetBaseInfo: call([p.address, p.epoch, p.tipSetKey], s.miningBaseInfo.nullable()),
  /** Signs inside the node: never called twice for one epoch. */
  MinerCreateBlock: call([t.blockTemplate], t.blockMessage),
  SyncSubmitBlock: call([t.blockMessage], nothing),
});

export type LotusMethod = keyof typeof LOTUS_METHODS;
type Outputs<P extends readonly z.ZodType[]> = { readonly [K in keyof P]: z.output<P[K]> };
/** The parameters of a method, as our types. */
export type LotusParams<M extends LotusMethod> = Outputs<(typeof LOTUS_METHODS)[M]['params']>;
/** The answer of a method, as our type. */
export type LotusResult<M extends LotusMethod> = z.output<(typeof LOTUS_METHODS)[M]['result']>;
