import { type ActorId, type Bytes, killPoint, type SectorId, type SectorNumber } from '#core';
import {
  allocateSectorNumber,
  insertSector,
  insertSectorEvent,
  listCollectingSectors,
  listPiecesOfSector,
  listStoredPieces,
  lockMinerActivity,
  lockSector,
  type PieceRow,
  placePiecesInSector,
  type Trx,
} from '#db';
import { packingOrder, placePieces } from './place-pieces.ts';
import { type CloseReason, closeReason, planPacking } from './plan-packing.ts';

export interface PackRequest {
  readonly miner: ActorId;
  /** The registered seal proof of new sectors, and what one holds. */
  readonly sealProof: number;
  readonly sectorBytes: Bytes;
  readonly maxPieces: number;
  /** As `allocateSectorNumber` takes it. */
  readonly nextFreeOnChain: (from: SectorNumber) => SectorNumber;
}

export interface PackOutcome {
  readonly packed: number;
  readonly opened: readonly SectorId[];
}

/** Pieces a transaction; the rest is taken by the next. */
const CHUNK = 200;
const ACTIVITY = 'packing';

/**
 * Puts the miner's waiting pieces into sectors that collect pieces, and opens new ones for what does not fit, all in
 * the caller's transaction. One process packs for a miner at a time.
 */
export async function packStoredPieces(trx: Trx, request: PackRequest): Promise<PackOutcome> {
  await lockMinerActivity(trx, request.miner, ACTIVITY);
  const waiting = (await listStoredPieces(trx, request.miner, CHUNK)).map(sized);
  if (waiting.length === 0) return { packed: 0, opened: [] };

  const open: { readonly sector: SectorId; readonly pieces: readonly PieceRow[] }[] = [];
  for (const sector of await listCollectingSectors(trx, request.miner)) {
    // It may have been closed since it was listed: the lock decides.
    if ((await lockSector(trx, sector)).state !== 'Packing') continue;
    open.push({ sector, pieces: await listPiecesOfSector(trx, sector) });
  }
  const plans = planPacking(
    open.map(({ sector, pieces }) => ({ sector, paddedSizes: pieces.map((piece) => piece.padded_size) })),
    waiting,
    request,
  );
  const opened: SectorId[] = [];
  let packed = 0;
  for (const { sector, add } of plans) {
    const id = sector ?? (await openSector(trx, request));
    if (!sector) opened.push(id);
    const held = open.find((candidate) => candidate.sector === sector)?.pieces ?? [];
    await fill(trx, id, [...held.map(sized), ...add], request.sectorBytes);
    await insertSectorEvent(trx, {
      ...id,
      event: 'pieces-packed',
      data: { cids: add.map((piece) => piece.cid) },
    });
    packed += add.length;
  }
  killPoint('transition.before-commit');
  return { packed, opened };
}

export interface SectorToClose extends SectorId {
  readonly reason: CloseReason;
}

/** Sectors that are sealed now, with the reason: the caller closes each with the event `pieces-closed`. */
export async function listSectorsToClose(
  trx: Parameters<typeof listCollectingSectors>[0],
  request: Pick<PackRequest, 'miner' | 'sectorBytes' | 'maxPieces'> & { readonly waitMs: number },
): Promise<SectorToClose[]> {
  const sectors = await listCollectingSectors(trx, request.miner);
  return sectors.flatMap((sector) => {
    const reason = closeReason(sector, request);
    return reason ? [{ miner: sector.miner, number: sector.number, reason }] : [];
  });
}

async function openSector(trx: Trx, request: PackRequest): Promise<SectorId> {
  const { miner, sealProof, nextFreeOnChain } = request;
  const id = { miner, number: await allocateSectorNumber(trx, miner, nextFreeOnChain) };
  await insertSector(trx, { ...id, state: 'Packing', kind: 'data', seal_proof: sealProof });
  await insertSectorEvent(trx, { ...id, event: 'opened', to_state: 'Packing' });
  return id;
}

async function fill(
  trx: Trx,
  id: SectorId,
  pieces: readonly (PieceRow & { readonly paddedSize: Bytes })[],
  sectorBytes: Bytes,
): Promise<void> {
  const ordered = packingOrder(pieces);
  const placements = placePieces(
    ordered.map((piece) => piece.paddedSize),
    sectorBytes,
  );
  const places = (placements ?? []).flatMap(({ index, offset }) => {
    const piece = index === undefined ? undefined : ordered[index];
    return piece ? [{ pieceId: piece.id, offset }] : [];
  });
  if (places.length !== ordered.length)
    throw new RangeError('the plan puts more into a sector than it holds');
  await placePiecesInSector(trx, id, places);
}

function sized(piece: PieceRow): PieceRow & { readonly paddedSize: Bytes } {
  return { ...piece, paddedSize: piece.padded_size };
}
