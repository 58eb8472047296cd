import { parsePieceCid } from '#codec';
import { BeeproError } from '#core';
import { type Database, listPieces, listPiecesByCid, type PieceRow } from '#db';
import { whyWaiting } from '#sector';
import { type JsonOption, printLine, printRows } from './command-io.ts';
import { formatBytes, toJson } from './output/index.ts';
import { formatSector } from './sector-format.ts';

export interface PieceListFilter extends JsonOption {
  readonly status?: PieceRow['status'];
  readonly after?: number;
  readonly limit: number;
}

export async function listPieceLines(database: Database, filter: PieceListFilter): Promise<void> {
  const { status, after, limit } = filter;
  const rows = await listPieces(database.kysely, {
    limit,
    ...(status !== undefined && { statuses: [status] }),
    ...(after !== undefined && { afterId: after }),
  });
  printRows(
    rows,
    [
      { title: 'ID', value: (row) => row.id, align: 'right' },
      { title: 'PIECE', value: (row) => row.cid },
      { title: 'BYTES', value: (row) => formatBytes(row.raw_size), align: 'right' },
      { title: 'STATUS', value: (row) => row.status },
      { title: 'SECTOR', value: sectorOf },
      { title: 'NAME', value: (row) => row.name },
    ],
    { ...filter, none: 'No such piece. Add files with: beepro piece add FILE' },
  );
  const last = rows.at(-1);
  if (last && rows.length === limit && !filter.json) printLine(`More: --after ${last.id}`);
}

/** @throws BeeproError `CID_MALFORMED`, `PIECE_UNKNOWN` */
export async function showPiece(database: Database, cid: string, options: JsonOption): Promise<void> {
  parsePieceCid(cid);
  const copies = await listPiecesByCid(database.kysely, cid);
  if (copies.length === 0) throw new BeeproError('PIECE_UNKNOWN', { cid });
  const rows = await Promise.all(
    copies.map(async (row) => ({ ...row, waiting: await waitingFor(database, row) })),
  );
  if (options.json) {
    printLine(toJson(rows));
    return;
  }
  printLine(`${cid}\n`);
  printRows(
    rows,
    [
      { title: 'COPY', value: (row) => row.copy, align: 'right' },
      { title: 'NAME', value: (row) => row.name },
      { title: 'BYTES', value: (row) => row.raw_size, align: 'right' },
      { title: 'PADDED', value: (row) => row.padded_size, align: 'right' },
      { title: 'STATUS', value: (row) => row.status },
      { title: 'SECTOR', value: sectorOf },
      { title: 'OFFSET', value: (row) => row.sector_offset, align: 'right' },
      { title: 'ADDED', value: (row) => row.created_at.toISOString() },
      { title: 'NOTIFY', value: (row) => row.notify_address },
      { title: 'WAITS FOR', value: (row) => row.waiting },
    ],
    { none: '' },
  );
  const [first] = rows;
  if (first) printLine(`\nsha256  ${first.sha256}`);
}

async function waitingFor(database: Database, { status, miner, number }: PieceRow): Promise<string> {
  if (status === 'removed') return 'nothing: it was removed';
  if (miner === null || number === null) return 'a sector that collects pieces';
  return whyWaiting(database.kysely, { miner, number });
}

function sectorOf({ miner, number }: PieceRow): string | null {
  return miner === null || number === null ? null : formatSector({ miner, number });
}
