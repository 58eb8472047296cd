export { fr32Pad, fr32Unpad } from './commitment/fr32.ts';
export { zeroCommitment } from './commitment/merkle.ts';
export { type PieceCommitment, pieceCommitment } from './commitment/piece-commitment.ts';
export { hashBySealer, hashInProcess, type PieceHasher } from './commitment/piece-hasher.ts';
export { isPieceSize, paddedSizeFor, payloadOf } from './commitment/sizes.ts';
export {
  listSectorsToClose,
  type PackOutcome,
  type PackRequest,
  packStoredPieces,
  type SectorToClose,
} from './packing/pack-stored-pieces.ts';
export {
  freeSpace,
  type Placement,
  packingOrder,
  placePieces,
  sectorCommitment,
} from './packing/place-pieces.ts';
export { type CloseReason, closeReason, type PackingRules, planPacking } from './packing/plan-packing.ts';
export {
  planRetrieval,
  type RetrievalFacts,
  type RetrievalPlan,
  type RetrievalWay,
  retrievalFacts,
  type UnsealRequest,
} from './retrieval/plan-retrieval.ts';
export { writePiece } from './retrieval/write-piece.ts';
export {
  type AddedPiece,
  type AddPieceModules,
  type AddPieceOptions,
  type AddPieceRequest,
  addPiece,
  checkPieceFile,
  listFiles,
} from './store/add-piece.ts';
export { type CarHeader, readCarHeader } from './store/car-header.ts';
export { dropSealedCopies } from './store/drop-copies.ts';
export { type PieceNotification, parseNotification } from './store/notification.ts';
export { type IncomingCopy, PieceStore } from './store/piece-store.ts';
