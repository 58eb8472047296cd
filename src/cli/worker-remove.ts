import { createInterface } from 'node:readline/promises';
import { BeeproError } from '#core';
import { findWorker } from '#db';
import {
  planRehoming,
  REHOMINGS,
  type RehomedSector,
  type RehomePlan,
  type Rehoming,
  removeWorker,
  requireGone,
} from '#sector';
import { type JsonOption, printDone, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatDuration } from './output/index.ts';
import { formatSector } from './sector-format.ts';

export interface RemoveOptions extends JsonOption {
  readonly force?: boolean;
  readonly yes?: boolean;
}

/** Shows what will become of the worker's sectors, asks, and does it. */
export async function removeWorkerByHand(
  context: CliContext,
  name: string,
  options: RemoveOptions,
): Promise<void> {
  const worker = await findWorker(context.database.kysely, name);
  if (!worker) throw new BeeproError('NOT_FOUND', { what: 'worker', name });
  const modules = { ...(await context.sectorModules()), chain: await context.chain() };
  const plan = await planRehoming(modules, name);
  if (!options.force) requireGone(modules, worker, plan);
  if (!options.json) showPlan(plan, worker.heartbeatAgeMs);
  if (!options.yes && !(await isConfirmed(name, options))) {
    printDone('Nothing was changed. Do it with --yes.', facts(name, plan, false), options);
    return;
  }
  const done = await removeWorker(modules, name, { force: options.force ?? false });
  const { length } = done.sectors;
  const moved = length === 0 ? '' : `, and its ${length === 1 ? 'sector' : `${length} sectors`} moved on`;
  printDone(
    `Worker ${name} is removed${moved}. It is active again when its agent next starts.`,
    facts(name, done, true),
    options,
  );
}

function showPlan(plan: RehomePlan, heartbeatAgeMs: number): void {
  printLine(`Worker ${plan.worker} was last heard of ${formatDuration(heartbeatAgeMs)} ago.`);
  if (plan.sectors.length === 0) printLine('It holds no sector.');
  else {
    printRows(
      counts(plan.sectors),
      [
        { title: 'SECTORS', value: (row) => row.sectors, align: 'right' },
        { title: 'OUTCOME', value: (row) => row.rehoming },
        { title: 'WHAT IT MEANS', value: (row) => REHOMINGS[row.rehoming] },
      ],
      { none: '' },
    );
  }
  const staked = plan.sectors.filter((sector) => sector.rehoming === 'parked');
  for (const sector of staked) {
    const { stake } = sector;
    const detail = stake && `${stake.deposit} burn at epoch ${stake.due}; now is ${stake.head}`;
    printLine(`  ${formatSector(sector)}: ${detail ?? 'its deposit is at stake'}`);
  }
  if (plan.otherRuns > 0) printLine(`${plan.otherRuns} run(s) of other sectors are given to other workers.`);
}

function counts(sectors: readonly RehomedSector[]): { rehoming: Rehoming; sectors: number }[] {
  const names = Object.keys(REHOMINGS) as Rehoming[];
  return names
    .map((rehoming) => ({
      rehoming,
      sectors: sectors.filter((sector) => sector.rehoming === rehoming).length,
    }))
    .filter((row) => row.sectors > 0);
}

async function isConfirmed(name: string, options: RemoveOptions): Promise<boolean> {
  if (options.json || !process.stdin.isTTY || !process.stdout.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await terminal.question(`Remove worker ${name}? Type its name to do it: `);
    return answer.trim() === name;
  } finally {
    terminal.close();
  }
}

function facts(worker: string, plan: RehomePlan, removed: boolean): Record<string, unknown> {
  return {
    worker,
    removed,
    outcomes: Object.fromEntries(counts(plan.sectors).map((row) => [row.rehoming, row.sectors])),
    sectors: plan.sectors.map((sector) => ({
      sector: formatSector(sector),
      state: sector.state,
      outcome: sector.rehoming,
      ...(sector.stake ? { stake: sector.stake } : {}),
    })),
    otherRuns: plan.otherRuns,
  };
}
