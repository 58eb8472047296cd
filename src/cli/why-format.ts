import { PHASES, type SectorId } from '#core';
import { explainWaiting, type WaitingJob } from '#sector';
import { type JsonOption, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatDuration, toJson } from './output/index.ts';
import { formatSector } from './sector-format.ts';

/** @throws BeeproError `NOT_FOUND` */
export async function showWhy(
  context: CliContext,
  id: SectorId,
  options: JsonOption & { readonly limit: number },
): Promise<void> {
  const { kysely } = context.database;
  const { waiting, jobs } = await explainWaiting(kysely, await context.settings(), id, options.limit);
  if (options.json) {
    printLine(toJson({ sector: formatSector(id), waiting, jobs }));
    return;
  }
  printLine(`Sector ${formatSector(id)} waits for ${waiting}.`);
  for (const job of jobs) printJob(job);
}

function printJob(job: WaitingJob): void {
  const { candidates } = job;
  const offered = job.offered ? ', offered to all' : '';
  const queue = job.host === null ? 'the queue of all workers' : `the queue of ${job.host}${offered}`;
  const ahead = job.ahead === 0 ? 'nothing before it' : `${job.ahead} before it`;
  const { label } = PHASES[job.phase];
  printLine(`\n${label} has been in ${queue} for ${formatDuration(job.waitingMs)}, with ${ahead}.`);
  if (candidates.counts.length > 1) {
    const counts = candidates.counts.map(({ code, hosts }) => `${hosts} ${code}`).join(', ');
    printLine(`${candidates.hosts} workers: ${counts}`);
  }
  printRows(
    candidates.shown,
    [
      { title: 'WORKER', value: (row) => row.worker },
      { title: 'WHY', value: (row) => row.code },
      { title: 'IT SAYS', value: (row) => row.reason },
    ],
    { none: 'There is no worker. Start one on a sealing machine with: beepro run worker', fit: true },
  );
  const left = candidates.hosts - candidates.shown.length;
  if (left > 0) printLine(`… and ${left} more: --limit ${candidates.hosts}`);
}
