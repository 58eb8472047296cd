import type { Command } from 'commander';
import { PHASE_NAMES, type Phase } from '#core';
import { countArgument, limitArgument, operator, phaseArgument, workerScopeArgument } from '../arguments.ts';
import { type JsonOption, printDone, printRows, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';
import { registerWorkerAdmission } from './worker-admission.ts';
import { registerWorkerDevice } from './worker-device.ts';

export function registerWorker(program: Command): void {
  const worker = program.command('worker').description('the machines that seal');

  withJson(worker.command('list'))
    .description('workers, the busiest first: what they run, hold, and when they were last heard of')
    .option('--limit <n>', 'at most so many', countArgument, 2000)
    .action((options: JsonOption & { limit: number }) =>
      withContext(async (context) => {
        const { listWorkerLoads } = await import('#db');
        const { formatDuration } = await import('../output/index.ts');
        const settings = await context.settings();
        const loads = await listWorkerLoads(context.database.kysely, options.limit);
        const rows = loads.map(({ class: _registered, ...row }) => ({
          ...row,
          class: settings.get('worker.class', { worker: row.name }),
          away: row.heartbeat_age_ms > settings.get('worker.heartbeat_expiry'),
        }));
        printRows(
          rows,
          [
            {
              title: 'NAME',
              value: (row) => (row.stand_in ? `${row.name} (stand-in: ${row.stand_in})` : row.name),
            },
            { title: 'CLASS', value: (row) => row.class },
            { title: 'STATE', value: (row) => (row.away ? `${row.state}, away` : row.state) },
            { title: 'HEARD', value: (row) => formatDuration(row.heartbeat_age_ms), align: 'right' },
            { title: 'RUNS', value: (row) => row.running, align: 'right' },
            { title: 'SECTORS', value: (row) => row.sectors, align: 'right' },
          ],
          { ...options, none: 'No worker yet. Start one on a sealing machine with: beepro run worker' },
        );
      }),
    );

  withJson(worker.command('show').argument('<name>'))
    .description('a worker: its machine, its limits and where each comes from, what it runs')
    .action((name: string, options: JsonOption) =>
      withContext(async (context) => {
        const { showWorker } = await import('../worker-format.ts');
        await showWorker(context, name, options);
      }),
    );

  registerWorkerAdmission(worker);
  registerWorkerDevice(worker);

  withJson(worker.command('limit'))
    .description(
      'how many runs of a phase a worker may have at a time; 0 takes no more, and lets running ones end',
    )
    .argument('<worker>', 'its name, class:NAME for all of a class, or * for all', workerScopeArgument)
    .argument('<phase>', PHASE_NAMES.join(', '), phaseArgument)
    .argument('<n>', '0 or more', limitArgument)
    .addHelpText(
      'after',
      `
Examples:
  beepro worker limit host-a precommit1 4
  beepro worker limit class:big commit2 1
  beepro worker limit '*' landing 2`,
    )
    .action((scope: string, phase: Phase, limit: number, options: JsonOption) =>
      withContext(async (context) => {
        const { setSetting } = await import('#config');
        const { findWorker } = await import('#db');
        const name = `worker.limit.${phase}`;
        const request = { name, scope, value: String(limit), who: operator() };
        const changed = await setSetting(context.database, request, await context.wake());
        const who = workersOf(scope);
        const host = /^worker:(.+)$/.exec(scope)?.[1];
        const isKnown = host === undefined || (await findWorker(context.database.kysely, host)) !== undefined;
        const note = isKnown ? '' : ' No worker of this name has registered yet.';
        const sentence = `${who} may have ${limit} ${phase} at a time.${note}`;
        printDone(sentence, { name, scope, value: limit, changed: changed !== undefined, isKnown }, options);
      }),
    );

  withJson(worker.command('remove').argument('<name>'))
    .description(
      'give up a worker whose machine is gone for good: its sectors go on elsewhere from what survives',
    )
    .option('--force', 'even if it is alive and holds sectors')
    .option('--yes', 'do it; without this only what would happen is shown')
    .addHelpText(
      'after',
      `
What becomes of a sector whose files are lost: proven and landed, it goes on; landed, with Commit1's output in shared
storage (c2.share_dir), Commit2 is computed elsewhere; without a pre-commit it begins anew under its number; with one it
is sealed again elsewhere with the same ticket and data, or parked when time is too short for that.
A worker that comes back is active again and keeps what was not taken from it.

Examples:
  beepro worker remove host-a
  beepro worker remove host-a --yes`,
    )
    .action((name: string, options: JsonOption & { force?: boolean; yes?: boolean }) =>
      withContext(async (context) => {
        const { removeWorkerByHand } = await import('../worker-remove.ts');
        await removeWorkerByHand(context, name, options);
      }),
    );
}

/** The workers of a scope, as the beginning of a sentence. */
function workersOf(scope: string): string {
  const [kind, name] = scope.split(':');
  if (scope === '*') return 'Every worker';
  return kind === 'class' ? `Each worker of class ${name}` : `Worker ${name}`;
}
