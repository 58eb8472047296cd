import type { ActorId, SectorId, SectorState } from '#core';
import { BeeproError, PHASES, sectorName } from '#core';
import {
  type Database,
  findSector,
  listLandedFiles,
  listMessagesOfSector,
  listPiecesOfSector,
  listRunsOfSector,
  listSectors,
  type PhaseRunRow,
} from '#db';
import { type JsonOption, printFacts, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatAge, formatDuration, renderTable, shorten, toJson } from './output/index.ts';

/** `t01000/12`, as people write a sector and as the commands read it. */
export function formatSector(id: SectorId): string {
  return `t0${id.miner}/${id.number}`;
}

export interface SectorListFilter extends JsonOption {
  readonly miner?: ActorId;
  readonly state?: SectorState;
  readonly worker?: string;
  readonly after?: SectorId;
  readonly limit: number;
}

export async function listSectorLines(database: Database, filter: SectorListFilter): Promise<void> {
  const rows = await listSectors(database.kysely, {
    miner: filter.miner,
    states: filter.state ? [filter.state] : undefined,
    worker: filter.worker,
    after: filter.after,
    limit: filter.limit,
  });
  printRows(
    rows,
    [
      { title: 'SECTOR', value: formatSector },
      {
        title: 'STATE',
        value: (row) => (row.state === 'Proving' && row.unproven ? 'Proving (unproven)' : row.state),
      },
      { title: 'FOR', value: (row) => formatAge(row.state_at), align: 'right' },
      { title: 'KIND', value: (row) => row.kind },
      { title: 'WORKER', value: (row) => row.worker },
      { title: 'COMMR', value: (row) => shorten(row.comm_r) },
      { title: 'NOTE', value: (row) => row.parked_code },
    ],
    { ...filter, none: 'No such sector. Pledge one with: beepro sector pledge --miner t01000' },
  );
  const last = rows.at(-1);
  if (last && rows.length === filter.limit && !filter.json) printLine(`More: --after ${formatSector(last)}`);
}

export async function showSector(context: CliContext, id: SectorId, options: JsonOption): Promise<void> {
  const { whyWaiting } = await import('#sector');
  const db = context.database.kysely;
  const sector = await findSector(db, id);
  if (!sector) throw new BeeproError('NOT_FOUND', { what: 'sector', name: formatSector(id) });
  const [runs, messages, pieces, files, waiting] = await Promise.all([
    listRunsOfSector(db, id),
    listMessagesOfSector(db, id),
    listPiecesOfSector(db, id),
    listLandedFiles(db, id),
    whyWaiting(db, id),
  ]);
  if (options.json) return printLine(toJson({ sector, waiting, runs, messages, pieces, files }));

  const { recoveries, commit1_output, ...facts } = sector;
  printFacts(
    {
      sector: formatSector(id),
      files: sectorName(id),
      ...facts,
      proof: shorten(facts.proof),
      recoveries: JSON.stringify(recoveries),
    },
    options,
  );
  printLine(`\nwaits for  ${waiting}`);
  printLine(`\n${renderTable(runs, RUN_COLUMNS)}`);
  if (messages.length > 0) {
    const lines = renderTable(messages, [
      { title: 'MESSAGE', value: (row) => row.id, align: 'right' },
      { title: 'PURPOSE', value: (row) => row.purpose },
      { title: 'STATE', value: (row) => row.state },
      { title: 'NONCE', value: (row) => row.nonce, align: 'right' },
      { title: 'CID', value: (row) => row.cid },
      { title: 'EPOCH', value: (row) => row.inclusion_epoch, align: 'right' },
    ]);
    printLine(`\n${lines}`);
  }
  if (files.length > 0) {
    const lines = renderTable(files, [
      { title: 'LANDED', value: (row) => row.kind },
      { title: 'PATH', value: (row) => row.path },
      { title: 'BYTES', value: (row) => row.size, align: 'right' },
      { title: 'SHA-256', value: (row) => shorten(row.sha256) },
      { title: 'VERIFIED', value: (row) => row.verified_at.toISOString() },
    ]);
    printLine(`\n${lines}`);
  }
}

const RUN_COLUMNS = [
  { title: 'PHASE', value: (row: PhaseRunRow) => PHASES[row.phase].label },
  { title: 'ATTEMPT', value: (row: PhaseRunRow) => row.attempt, align: 'right' },
  { title: 'STATUS', value: (row: PhaseRunRow) => row.status },
  { title: 'WORKER', value: (row: PhaseRunRow) => row.worker },
  { title: 'TOOK', value: runTime, align: 'right' },
  { title: 'ERROR', value: (row: PhaseRunRow) => row.error_code },
] as const;

function runTime(row: PhaseRunRow): string | null {
  const startedAt = row.started_at ?? row.claimed_at;
  const endedAt = row.answered_at ?? row.finished_at ?? new Date();
  return startedAt && formatDuration(Math.max(0, endedAt.getTime() - startedAt.getTime()));
}
