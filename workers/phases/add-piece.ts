import { toHex, unsealedCommitment } from '#codec';
import { BeeproError } from '#core';
import { listPiecesOfSector } from '#db';
import { isBound } from '#sector';
import type { PhaseContext, PhaseHandler } from './phase.ts';

/**
 * Writes the sector's data. Whoever runs it becomes the holder of the sector's files. A number that somebody else
 * has used on chain meanwhile is refused before anything is computed for it.
 */
export const addPiece: PhaseHandler = {
  phase: 'add-piece',
  sealer: 'cpu',

  async run(context) {
    const sector = await context.sector();
    const bound = isBound({ ...sector, active: [] });
    if (!bound && (await context.chain.isNumberTaken(context.id))) {
      throw new BeeproError('SECTOR_NUMBER_TAKEN', { number: context.id.number });
    }
    await context.workspace.prepare(context.id);
    const answer = await context.seal('add-piece', 'add-piece', {
      sector: context.sealerSector,
      pieces: sector.kind === 'cc' ? [] : await storedPieces(context),
    });
    return { commD: answer.comm_d, pieces: answer.pieces };
  },
};

async function storedPieces(context: PhaseContext) {
  const pieces = await listPiecesOfSector(context.database.kysely, context.id);
  return pieces.map((piece) => {
    if (piece.path === null) {
      throw new BeeproError('SEALER_FILE_MISSING', {
        detail: `piece ${piece.cid} has no stored copy any more`,
      });
    }
    return {
      path: piece.path,
      size: piece.raw_size,
      padded_size: piece.padded_size,
      comm_p: toHex(unsealedCommitment(piece.cid)),
    };
  });
}
