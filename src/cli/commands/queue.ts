import type { Command } from 'commander';
import { operator } from '../arguments.ts';
import { type JsonOption, printDone, printRows, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

export function registerQueue(program: Command): void {
  const queue = program.command('queue').description('the queues of the phases');

  withJson(queue.command('list'))
    .description('the queues of the fleet and of each worker: jobs by state, and which are paused')
    .option('--worker <name>', "only this worker's queues")
    .action((options: JsonOption & { worker?: string }) =>
      withContext(async (context) => {
        const { PHASE_NAMES } = await import('#core');
        const { listQueuePauses, listWorkers } = await import('#db');
        const { countJobs, queueName } = await import('#queues');
        const db = context.database.kysely;
        const bus = await context.bus();
        const workers = options.worker
          ? [options.worker]
          : (await listWorkers(db)).map((worker) => worker.name);
        const fleet = options.worker ? [] : PHASE_NAMES.map((phase) => queueName(phase));
        const names = [
          ...fleet,
          ...workers.flatMap((worker) => PHASE_NAMES.map((phase) => queueName(phase, worker))),
        ];
        const paused = new Map((await listQueuePauses(db)).map((pause) => [pause.queue, pause.who]));
        const counts = await countJobs(bus, names);
        const rows = counts.map((row) => ({ ...row, pausedBy: paused.get(row.queue) ?? null }));
        printRows(
          rows.filter(
            (row) => !row.queue.includes('@') || row.waiting + row.active + row.failed > 0 || row.pausedBy,
          ),
          [
            { title: 'QUEUE', value: (row) => row.queue },
            { title: 'WAITING', value: (row) => row.waiting, align: 'right' },
            { title: 'ACTIVE', value: (row) => row.active, align: 'right' },
            { title: 'FAILED', value: (row) => row.failed, align: 'right' },
            { title: 'PAUSED BY', value: (row) => row.pausedBy },
          ],
          { ...options, none: 'No queue holds anything.' },
        );
      }),
    );

  withJson(queue.command('pause <queue>'))
    .description('start no more jobs of a queue; those that run go on')
    .addHelpText(
      'after',
      '\nExamples:\n  beepro queue pause precommit1\n  beepro queue pause precommit1@host-a',
    )
    .action((name: string, options: JsonOption) =>
      withContext(async (context) => {
        const { pauseQueue } = await import('#db');
        const { parseQueueName, showPause } = await import('#queues');
        parseQueueName(name);
        await pauseQueue(context.database.kysely, name, operator());
        await showPause(await context.bus(), name, true);
        printDone(`Queue ${name} is paused.`, { queue: name, paused: true }, options);
      }),
    );

  withJson(queue.command('resume <queue>'))
    .description('start jobs of a paused queue again')
    .action((name: string, options: JsonOption) =>
      withContext(async (context) => {
        const { resumeQueue } = await import('#db');
        const { parseQueueName, showPause } = await import('#queues');
        parseQueueName(name);
        const wasPaused = await resumeQueue(context.database.kysely, name);
        await showPause(await context.bus(), name, false);
        const sentence = wasPaused ? `Queue ${name} goes on.` : `Queue ${name} was not paused.`;
        printDone(sentence, { queue: name, paused: false, wasPaused }, options);
      }),
    );
}
