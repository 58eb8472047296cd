import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEnvironment } from '#config';
import { BeeproError, type CidString, PHASES, type SectorId, sectorName } from '#core';
import { type Database, listPiecesByCid } from '#db';
import type { LocalInstallation } from '#local';
import type { RetrievalWay } from '#pieces';
import { formatBytes, formatDuration } from '../output/index.ts';
import { addPieces } from '../piece-adding.ts';
import { retrievePiece } from '../piece-retrieval.ts';
import { hashFile } from './verify-landed.ts';

/** Packing takes a second; this is for a machine that stands still. */
const PACKED_WITHIN_MS = 60_000;
const UNSEALED_WITHIN_MS = 30 * 60_000;

/** The user's file as a piece, in the sector that it was packed into. */
export interface FilePiece {
  readonly file: string;
  readonly cid: CidString;
  readonly sha256: string;
  readonly sector: SectorId;
}

/** Adds the file as `beepro piece add` does, and waits until the sealing role has packed it. */
export async function storeFile(
  installation: LocalInstallation,
  file: string,
  say: (text: string) => void,
): Promise<FilePiece> {
  await using modules = await installation.open();
  const { db, settings } = modules;
  const environment = readEnvironment(installation.env);
  const { added } = await addPieces(
    { db, settings, environment },
    { paths: [file], miner: installation.miner, format: 'file' },
  );
  const piece = added[0]?.piece;
  if (!piece) throw new BeeproError('PIECE_NOT_A_FILE', { path: file, detail: 'it is a folder' });
  say(`stored ${file}, ${formatBytes(piece.raw_size)}, as piece ${piece.cid}`);
  const sector = await packedInto(db, piece.cid);
  say(`packed into ${sectorName(sector)} at once: piece.wait is 0 s here`);
  return { file, cid: piece.cid, sha256: piece.sha256, sector };
}

async function packedInto(database: Database, cid: CidString): Promise<SectorId> {
  const deadline = performance.now() + PACKED_WITHIN_MS;
  for (;;) {
    const [piece] = await listPiecesByCid(database.kysely, cid);
    if (piece && piece.miner !== null && piece.number !== null)
      return { miner: piece.miner, number: piece.number };
    if (performance.now() > deadline)
      throw new BeeproError('TIMED_OUT', { what: 'Packing the piece', ms: PACKED_WITHIN_MS });
    await sleep(200);
  }
}

const WAYS: readonly { readonly way: RetrievalWay; readonly from: string }[] = [
  { way: 'unsealed', from: 'the unsealed copy that landed beside it' },
  { way: 'unseal', from: 'the landed sealed sector alone, by a scheduled unsealing' },
];

/**
 * Gets the file back both ways, from the kept copy and by unsealing, as `beepro piece retrieve` does, and compares each
 * with the user's file byte for byte. @throws BeeproError `LOCAL_RETRIEVAL_FAILED`
 */
export async function retrieveFile(
  installation: LocalInstallation,
  piece: FilePiece,
  say: (text: string) => void,
): Promise<void> {
  await using modules = await installation.open();
  const folder = join(installation.dir, 'retrieved');
  mkdirSync(folder, { recursive: true });
  for (const { way, from } of WAYS) {
    const out = join(folder, `${way}-${basename(piece.file)}`);
    const startedAt = performance.now();
    let shown = '';
    await retrievePiece(modules, {
      cid: piece.cid,
      out,
      ways: [way],
      timeoutMs: UNSEALED_WITHIN_MS,
      onRun: ({ phase, status, worker }) => {
        const text = `${sectorName(piece.sector)}  ${PHASES[phase].label} ${status}${worker ? ` on ${worker}` : ''}`;
        if (text !== shown) say(text);
        shown = text;
      },
    });
    const [actual, expected] = [await hashFile(out), await hashFile(piece.file)];
    if (actual !== expected) {
      const { file, cid } = piece;
      throw new BeeproError('LOCAL_RETRIEVAL_FAILED', {
        file,
        cid,
        actual,
        expected,
        logs: installation.logsDir,
      });
    }
    const time = formatDuration(performance.now() - startedAt);
    say(`retrieved from ${from} in ${time}: identical, SHA-256 ${actual}`);
  }
}
