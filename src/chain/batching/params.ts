import {
  encodeParams,
  fromHex,
  MINER_METHODS,
  type PieceActivationManifest,
  parsePieceCid,
  type SectorActivationManifest,
  type SectorPreCommitInfo,
  sealedCid,
  unsealedCid,
} from '#codec';
import { BeeproError, type Bytes, type Epoch, type SectorId, type SectorNumber, sectorName } from '#core';
import type { PieceRow, SectorRow } from '#db';
import { headBytes } from './message-size.ts';

/** A sector with the pieces it carries, in the order of its manifest; none for committed capacity. */
export interface SectorWithPieces {
  readonly sector: SectorRow;
  readonly pieces: readonly PieceRow[];
}

/** CBOR of PreCommitSectorBatch2 for these sectors, in this order. */
export function preCommitParams(members: readonly SectorWithPieces[], expiration: Epoch): Uint8Array {
  const sectors = members.map(({ sector, pieces }): SectorPreCommitInfo => {
    const { comm_r, ticket_epoch } = sector;
    if (comm_r === null || ticket_epoch === null) throw unready(sector, 'is not sealed');
    return {
      sealProof: sector.seal_proof,
      sectorNumber: sector.number,
      sealedCid: sealedCid(bytesOf(sector, comm_r)),
      sealRandEpoch: ticket_epoch,
      dealIds: [],
      expiration,
      // Committed capacity has no unsealed CID (FIP-0076).
      unsealedCid: pieces.length === 0 ? null : unsealedCid(bytesOf(sector, sector.comm_d ?? '')),
    };
  });
  return encodeParams(MINER_METHODS.PreCommitSectorBatch2, { sectors });
}

/** Source: go-state-types `RegisteredAggregationProof_SnarkPackV2`. */
export const SNARK_PACK_V2 = 1;

/**
 * CBOR of ProveCommitSectors3: one proof a sector, or one for all of them; data pieces only, sizes padded, no
 * allocation; told is whom the operator named. One bad sector must not sink the others: `requireActivationSuccess` is
 * false; nor must an actor that refuses to be told.
 */
export function proveCommitParams(members: readonly SectorWithPieces[], aggregate?: Uint8Array): Uint8Array {
  return encodeParams(MINER_METHODS.ProveCommitSectors3, {
    sectorActivations: members.map(({ sector, pieces }) => activation(sector.number, pieces)),
    sectorProofs: aggregate ? [] : members.map(({ sector }) => bytesOf(sector, sector.proof ?? '')),
    aggregateProof: aggregate ?? new Uint8Array(),
    aggregateProofType: aggregate ? SNARK_PACK_V2 : null,
    requireActivationSuccess: false,
    requireNotificationSuccess: false,
  });
}

/** As much of a piece as its manifest holds. */
export type ManifestPiece = Pick<PieceRow, 'cid' | 'padded_size' | 'notify_address' | 'notify_payload'>;

/** What a sector's manifest adds to a prove-commit, in bytes: asked of the encoder. */
export function manifestBytes(number: SectorNumber, pieces: readonly ManifestPiece[]): Bytes {
  const params = (sectorActivations: readonly SectorActivationManifest[]) =>
    encodeParams(MINER_METHODS.ProveCommitSectors3, { ...EMPTY_COMMIT, sectorActivations });
  // The head of an array of one is as long as that of an empty one.
  return params([activation(number, pieces)]).length - EMPTY_COMMIT_BYTES;
}

/** What a proof of this length adds besides, with its head. */
export function proofBytes(length: Bytes): Bytes {
  return headBytes(length) + length;
}

/** What a sector adds to a pre-commit at most, in bytes: its numbers are as wide as they get. */
export function preCommitBytes(): Bytes {
  return PRECOMMIT_BYTES;
}

const EMPTY_COMMIT = {
  sectorActivations: [],
  sectorProofs: [],
  aggregateProof: new Uint8Array(),
  aggregateProofType: null,
  requireActivationSuccess: false,
  requireNotificationSuccess: false,
} as const;
const EMPTY_COMMIT_BYTES = encodeParams(MINER_METHODS.ProveCommitSectors3, EMPTY_COMMIT).length;

const WIDEST_INFO: SectorPreCommitInfo = {
  sealProof: 19,
  sectorNumber: Number.MAX_SAFE_INTEGER,
  sealedCid: sealedCid(new Uint8Array(32)),
  sealRandEpoch: 2 ** 32,
  dealIds: [],
  expiration: 2 ** 32,
  unsealedCid: unsealedCid(new Uint8Array(32)),
};
const PRECOMMIT_BYTES =
  encodeParams(MINER_METHODS.PreCommitSectorBatch2, { sectors: [WIDEST_INFO] }).length -
  encodeParams(MINER_METHODS.PreCommitSectorBatch2, { sectors: [] }).length;

function activation(sectorNumber: SectorNumber, pieces: readonly ManifestPiece[]): SectorActivationManifest {
  return {
    sectorNumber,
    pieces: pieces.map(
      (piece): PieceActivationManifest => ({
        cid: unsealedCid(parsePieceCid(piece.cid).commitment),
        size: piece.padded_size,
        verifiedAllocationKey: null,
        notify: notifications(piece),
      }),
    ),
  };
}

/** Only where the operator gave address and payload: an actor that is told does something with it. */
function notifications({
  notify_address: address,
  notify_payload: payload,
}: ManifestPiece): PieceActivationManifest['notify'] {
  return address === null ? [] : [{ address, payload: fromHex(payload ?? '') ?? new Uint8Array() }];
}

function bytesOf(sector: SectorId, hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (!bytes || bytes.length === 0) throw unready(sector, 'lacks a commitment or proof');
  return bytes;
}

function unready(sector: SectorId, detail: string): BeeproError {
  return new BeeproError('INTERNAL', { detail: `${sectorName(sector)} ${detail}` });
}
