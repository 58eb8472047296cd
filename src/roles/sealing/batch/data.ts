import type { SectorWithPieces } from '#chain';
import { parsePieceCid, toHex } from '#codec';
import { sealProofById } from '#core';
import { sectorCommitment } from '#pieces';
import { moveSector } from '#sector';
import type { BatchPass } from './activity.ts';

/**
 * The members whose data is what their manifest says. One whose CommD does not match its pieces makes the chain refuse
 * the whole prove-commit, after the whole way of sealing: it is parked before its pre-commit.
 */
export async function withoutWrongData(
  pass: BatchPass,
  members: readonly SectorWithPieces[],
): Promise<SectorWithPieces[]> {
  const good: SectorWithPieces[] = [];
  for (const member of members) {
    const { sector } = member;
    const expected = commDOf(member);
    if (expected === undefined || expected === sector.comm_d) {
      good.push(member);
      continue;
    }
    const reason = `the sector has CommD ${sector.comm_d}, its pieces have ${expected}`;
    await moveSector(pass.modules, sector, { type: 'park', code: 'SECTOR_COMMD_DIFFERS', reason });
  }
  return good;
}

/** CommD of the pieces in their order, as the chain computes it; undefined for committed capacity. */
function commDOf({ sector, pieces }: SectorWithPieces): string | undefined {
  if (pieces.length === 0) return undefined;
  const parts = pieces.map((piece) => ({
    paddedSize: piece.padded_size,
    commitment: parsePieceCid(piece.cid).commitment,
  }));
  const commitment = sectorCommitment(parts, sealProofById(sector.seal_proof)?.bytes ?? 0);
  return commitment ? toHex(commitment) : 'none: the pieces do not fit';
}
