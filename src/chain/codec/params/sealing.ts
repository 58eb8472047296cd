import {
  address,
  array,
  bool,
  bytes,
  cid,
  int,
  int64,
  nothing,
  nullable,
  type SchemaValue,
  tuple,
  uint,
} from '../schema.ts';
import { batchReturn } from './batch-return.ts';
import type { ActorMethod } from './method.ts';

/** Field order of the miner actor's types. Source: builtin-actors v18 `actors/miner/src/types.rs`. */

export const sectorPreCommitInfo = tuple({
  /** Registered seal proof number. */
  sealProof: uint,
  sectorNumber: uint,
  /** CommR. */
  sealedCid: cid,
  /** The epoch of the ticket; negative on a young chain. */
  sealRandEpoch: int,
  /** Deals of the market's older way; always empty here. */
  dealIds: array(uint),
  expiration: int,
  /** CommD; null for a sector without pieces. */
  unsealedCid: nullable(cid),
});
export type SectorPreCommitInfo = SchemaValue<typeof sectorPreCommitInfo>;

const preCommitParams = tuple({ sectors: array(sectorPreCommitInfo) });

const pieceManifest = tuple({
  cid,
  /** Padded size, in bytes. */
  size: uint,
  verifiedAllocationKey: nullable(tuple({ client: uint, id: int64 })),
  notify: array(tuple({ address, payload: bytes })),
});
export type PieceActivationManifest = SchemaValue<typeof pieceManifest>;

const sectorManifest = tuple({ sectorNumber: uint, pieces: array(pieceManifest) });
export type SectorActivationManifest = SchemaValue<typeof sectorManifest>;

/** Exactly one of `sectorProofs` (in the order of the activations) and `aggregateProof` is not empty. */
const proveCommit3Params = tuple({
  sectorActivations: array(sectorManifest),
  sectorProofs: array(bytes),
  aggregateProof: bytes,
  aggregateProofType: nullable(int),
  requireActivationSuccess: bool,
  requireNotificationSuccess: bool,
});

const replicaUpdates3Params = tuple({
  sectorUpdates: array(
    tuple({ sector: uint, deadline: uint, partition: uint, newSealedCid: cid, pieces: array(pieceManifest) }),
  ),
  sectorProofs: array(bytes),
  aggregateProof: bytes,
  updateProofsType: int,
  aggregateProofType: nullable(int),
  requireActivationSuccess: bool,
  requireNotificationSuccess: bool,
});

const proveCommitNiParams = tuple({
  sectors: array(
    tuple({
      sealingNumber: uint,
      sealerId: uint,
      sealedCid: cid,
      sectorNumber: uint,
      sealRandEpoch: int,
      expiration: int,
    }),
  ),
  aggregateProof: bytes,
  sealProofType: int,
  aggregateProofType: int,
  provingDeadline: uint,
  requireActivationSuccess: bool,
});

export type PreCommitSectorBatch2Params = SchemaValue<typeof preCommitParams>;
export type ProveCommitSectors3Params = SchemaValue<typeof proveCommit3Params>;
export type ProveReplicaUpdates3Params = SchemaValue<typeof replicaUpdates3Params>;
export type ProveCommitSectorsNIParams = SchemaValue<typeof proveCommitNiParams>;

const method = <P, R>(definition: Omit<ActorMethod<P, R>, 'actor'>): ActorMethod<P, R> => ({
  actor: 'storageminer',
  ...definition,
});

export const SEALING_METHODS = {
  PreCommitSectorBatch2: method({
    number: 28,
    name: 'PreCommitSectorBatch2',
    params: preCommitParams,
    returns: nothing,
  }),
  ProveCommitSectors3: method({
    number: 34,
    name: 'ProveCommitSectors3',
    params: proveCommit3Params,
    returns: batchReturn,
  }),
  ProveReplicaUpdates3: method({
    number: 35,
    name: 'ProveReplicaUpdates3',
    params: replicaUpdates3Params,
    returns: batchReturn,
  }),
  ProveCommitSectorsNI: method({
    number: 36,
    name: 'ProveCommitSectorsNI',
    params: proveCommitNiParams,
    returns: batchReturn,
  }),
} as const;
