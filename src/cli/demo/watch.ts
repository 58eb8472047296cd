import { setTimeout as sleep } from 'node:timers/promises';
import { BeeproError, PHASES, type SectorId, type SectorState, sectorName } from '#core';
import { type Database, findSector, listRunsOfSector, type PhaseRunRow, type SectorRow } from '#db';
import { formatDuration } from '../output/index.ts';
import { deviceOf } from './side-by-side.ts';

const LOOK_MS = 250;
/** A sector that shows no change for this long is stuck, in ms. */
const STUCK_MS = 10 * 60_000;

/** Something that is done once, when the first sector is in a state; gives sectors that are to be followed too. */
export interface Moment {
  readonly when: SectorState;
  readonly act: () => Promise<readonly SectorId[]>;
}

/**
 * Follows sectors to `Proving`, a line for each change, and on a terminal one live line with what runs now. Returns
 * all that it followed.
 * @throws BeeproError `LOCAL_SEALING_FAILED` for a sector that is parked or stuck
 */
export async function watchUntilProving(
  database: Database,
  sectors: readonly SectorId[],
  options: {
    readonly startedAt: number;
    readonly logs: string;
    readonly write: (text: string) => void;
    readonly isTerminal: boolean;
    /** What happens once the first sector has come to a state. */
    readonly moments: readonly Moment[];
  },
): Promise<readonly SectorId[]> {
  const followed = [...sectors];
  let moments = options.moments;
  const shown = new Map<string, string>();
  let lastChange = performance.now();
  const elapsed = (): string => formatDuration(performance.now() - options.startedAt).padStart(7);
  for (;;) {
    const looks = await Promise.all(followed.map((id) => look(database, id)));
    for (const { id, sector, line } of looks) {
      const name = sectorName(id);
      if (shown.get(name) === line) continue;
      shown.set(name, line);
      lastChange = performance.now();
      options.write(`${options.isTerminal ? '\r\x1b[K' : ''}${elapsed()}  ${name}  ${line}\n`);
      if (sector.state === 'Parked') fail(name, sector.parked_reason ?? 'it was parked', options.logs);
    }
    const come = moments.filter(({ when }) => looks.some(({ sector }) => sector.state === when));
    if (come.length > 0) {
      moments = moments.filter((moment) => !come.includes(moment));
      for (const { act } of come) followed.push(...(await act()));
      continue;
    }
    if (looks.every(({ sector }) => sector.state === 'Proving')) break;
    if (performance.now() - lastChange > STUCK_MS) {
      const waiting = looks.find(({ sector }) => sector.state !== 'Proving');
      fail(
        sectorName(waiting?.id ?? { miner: 0, number: 0 }),
        'nothing changed for 10 minutes',
        options.logs,
      );
    }
    if (options.isTerminal) {
      const running = looks.flatMap(({ runs }) => runs.filter((run) => run.status === 'running'));
      const text = running
        .map((run) => `${PHASES[run.phase].label} ${run.number} ${runAge(run)}`)
        .join(' · ');
      options.write(`\r\x1b[K${elapsed()}  ${text.slice(0, 90)}`);
    }
    await sleep(LOOK_MS);
  }
  if (options.isTerminal) options.write('\r\x1b[K');
  return followed;
}

async function look(
  database: Database,
  id: SectorId,
): Promise<{ id: SectorId; sector: SectorRow; runs: PhaseRunRow[]; line: string }> {
  const [sector, runs] = await Promise.all([
    findSector(database.kysely, id),
    listRunsOfSector(database.kysely, id, ['running', 'queued', 'waiting']),
  ]);
  if (!sector) throw new BeeproError('NOT_FOUND', { what: 'sector', name: sectorName(id) });
  const active = runs.map((run) => {
    const device = run.status === 'running' ? deviceOf(run) : undefined;
    const attempt = run.attempt > 1 ? ` (attempt ${run.attempt})` : '';
    return `${PHASES[run.phase].label} ${run.status}${device === undefined ? '' : ` on ${device}`}${attempt}`;
  });
  return { id, sector, runs, line: `${sector.state.padEnd(17)}${active.join(', ')}`.trimEnd() };
}

function runAge(run: PhaseRunRow): string {
  const since = run.started_at ?? run.claimed_at;
  return since ? formatDuration(Date.now() - since.getTime()) : '';
}

function fail(sector: string, detail: string, logs: string): never {
  throw new BeeproError('LOCAL_SEALING_FAILED', { sector, detail, logs });
}
