import type { SectorId } from '#core';
import { type Database, forgetPieceCopy, listPiecesOfSector } from '#db';
import type { PieceStore } from './piece-store.ts';

/**
 * Removes the stored copies of a sector's pieces, once its prove-commit is final: from then on the sector itself has
 * the data. The row lets go first, so that no reader follows it to a file that is gone. Returns how many.
 */
export async function dropSealedCopies(database: Database, store: PieceStore, id: SectorId): Promise<number> {
  let dropped = 0;
  for (const piece of await listPiecesOfSector(database.kysely, id)) {
    if (piece.status !== 'sealed' || piece.path === null) continue;
    await forgetPieceCopy(database.kysely, piece.id);
    await store.drop({ path: piece.path });
    dropped += 1;
  }
  return dropped;
}
