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
import { BeeproError, type Epoch, type SectorId, sectorName } from '#core';
import type { PieceRow, SectorRow } from '#db';

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

/**
 * CBOR of ProveCommitSectors3: one proof a sector, data pieces only, sizes padded, no allocation, nobody notified.
 * One bad sector must not sink the others: `requireActivationSuccess` is false.
 */
export function proveCommitParams(members: readonly SectorWithPieces[]): Uint8Array {
  return encodeParams(MINER_METHODS.ProveCommitSectors3, {
    sectorActivations: members.map(activation),
    sectorProofs: members.map(({ sector }) => bytesOf(sector, sector.proof ?? '')),
    aggregateProof: new Uint8Array(),
    aggregateProofType: null,
    requireActivationSuccess: false,
    requireNotificationSuccess: false,
  });
}

/** What a sector adds to a prove-commit: its proof and its manifest, in bytes. */
export function proveCommitBytes(member: SectorWithPieces): number {
  return (member.sector.proof?.length ?? 0) / 2 + 16 + member.pieces.length * 56;
}

function activation({ sector, pieces }: SectorWithPieces): SectorActivationManifest {
  return {
    sectorNumber: sector.number,
    pieces: pieces.map(
      (piece): PieceActivationManifest => ({
        cid: unsealedCid(parsePieceCid(piece.cid).commitment),
        size: piece.padded_size,
        verifiedAllocationKey: null,
        notify: [],
      }),
    ),
  };
}

function bytesOf(sector: SectorId, hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (!bytes || bytes.length === 0) throw unready(sector, 'lacks a commitment or proof');
  return bytes;
}

function unready(sector: SectorId, detail: string): BeeproError {
  return new BeeproError('INTERNAL', { detail: `${sectorName(sector)} ${detail}` });
}
