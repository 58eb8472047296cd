import { toHex, unsealedCommitment } from '#codec';
import { listPiecesOfSector } from '#db';
import type { SealerPiece } from '#sealer';
import type { PhaseContext } from './phase.ts';

/** The sector's pieces in manifest order as the sealer takes them; empty for committed capacity. */
export async function sealerPieces(context: PhaseContext): Promise<SealerPiece[]> {
  const pieces = await listPiecesOfSector(context.database.kysely, context.id);
  return pieces.map((piece) => ({
    padded_size: piece.padded_size,
    comm_p: toHex(unsealedCommitment(piece.cid)),
  }));
}
