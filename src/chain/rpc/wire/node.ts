import { z } from 'zod';
import { lotusObject } from './lotus-object.ts';
import { message, receipt } from './message.ts';
import { address, bigInt, cid, epoch, int, list, listOrNull, uint } from './primitives.ts';
import { tipSet } from './tipset.ts';

export const version = lotusObject(
  {
    version: z.string(),
    apiVersion: uint,
    /** Seconds. */
    blockDelay: uint,
  },
  { apiVersion: 'APIVersion' },
);

export const networkParams = lotusObject({
  networkName: z.string(),
  /** Seconds per epoch. */
  blockDelaySecs: uint,
  /** Bytes of power. */
  consensusMinerMinPower: bigInt,
  /** Epochs between pre-commit and seed. */
  preCommitChallengeDelay: uint,
  /** Unix time, in seconds. */
  genesisTimestamp: uint,
});

export const nodeStatus = lotusObject({
  syncStatus: lotusObject({ epoch, behind: uint }),
  peerStatus: lotusObject({ peersToPublishMsgs: uint, peersToPublishBlocks: uint }),
  chainStatus: lotusObject({ blocksPerTipsetLast100: z.number(), blocksPerTipsetLastFinality: z.number() }),
});

const activeSync = lotusObject(
  {
    workerId: uint,
    base: tipSet.nullable(),
    target: tipSet.nullable(),
    /** Source: Lotus `api.SyncStateStage`; 4 is complete, 6 is fetching messages. */
    stage: int,
    height: epoch,
    message: z.string(),
  },
  { workerId: 'WorkerID' },
);
export const syncState = lotusObject(
  { activeSyncs: list(activeSync), vmApplied: uint },
  { vmApplied: 'VMApplied' },
);

export const actor = lotusObject({
  code: cid,
  head: cid,
  nonce: uint,
  balance: bigInt,
  delegatedAddress: address.nullable(),
});

export const actorState = lotusObject({ balance: bigInt, code: cid, state: z.unknown() });

export const circulatingSupply = lotusObject({
  filVested: bigInt,
  filMined: bigInt,
  filBurnt: bigInt,
  filLocked: bigInt,
  filCirculating: bigInt,
  filReserveDisbursed: bigInt,
});

export const marketBalance = lotusObject({ escrow: bigInt, locked: bigInt });

export const mempoolConfig = lotusObject({
  priorityAddrs: listOrNull(address),
  sizeLimitHigh: uint,
  sizeLimitLow: uint,
  replaceByFeeRatio: z.number(),
  /** Nanoseconds. */
  pruneCooldown: uint,
  gasLimitOverestimation: z.number(),
});

export const peerAddresses = lotusObject({ id: z.string(), addrs: list(z.string()) }, { id: 'ID' });

/** Code CIDs of the builtin actors, by name. */
export const actorCodes = z.record(z.string(), cid);

export const computedState = lotusObject({
  root: cid,
  trace: list(lotusObject({ msgCid: cid, msg: message, msgRct: receipt, error: z.string() })),
});

export const ipldNode = lotusObject({ cid, obj: z.unknown() });

export type Version = z.output<typeof version>;
export type NetworkParams = z.output<typeof networkParams>;
export type NodeStatus = z.output<typeof nodeStatus>;
export type SyncState = z.output<typeof syncState>;
export type ActorState = z.output<typeof actor>;
export type MempoolConfig = z.output<typeof mempoolConfig>;
