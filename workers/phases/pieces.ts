import { toHex, unsealedCommitment } from '#codec';
import { listPiecesOfSector, type SectorRow } from '#db';
import type { SealerPiece } from '#sealer';
import type { PhaseContext } from './phase.ts';

/** The sector's pieces in manifest order as the sealer takes them; empty for committed capacity. */
export async function sealerPieces(
  context: PhaseContext,
  { kind }: Pick<SectorRow, 'kind'>,
): Promise<SealerPiece[]> {
  if (kind === 'cc') return [];
  const pieces = await listPiecesOfSector(context.database.kysely, context.id);
  return pieces.map((piece) => ({
    padded_size: piece.padded_size,
    comm_p: toHex(unsealedCommitment(piece.cid)),
  }));
}
