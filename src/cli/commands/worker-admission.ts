import type { Command } from 'commander';
import { BeeproError, PHASE_NAMES, PHASES, type Phase } from '#core';
import { operator, phaseArgument } from '../arguments.ts';
import { type JsonOption, printDone, withJson } from '../command-io.ts';
import { type CliContext, withContext } from '../context.ts';

/** `beepro worker suggest|drain|undrain|pause|unpause`. */
export function registerWorkerAdmission(worker: Command): void {
  withJson(worker.command('suggest').argument('[name]'))
    .description('limits that suit a machine, by the memory, cores, GPUs and disk that its worker has found')
    .option('--apply', 'set them for this worker')
    .addHelpText(
      'after',
      `
The rules: PC1 as memory (64 GiB each at 32 GiB) and cores allow beside what PC2 and C2 take, one PC2 and one C2 a GPU,
sectors as the workspace disk holds them (650 GB each at 32 GiB). Without a name: this machine's worker.

Examples:
  beepro worker suggest host-a
  beepro worker suggest host-a --apply`,
    )
    .action((name: string | undefined, options: JsonOption & { apply?: boolean }) =>
      withContext(async (context) => {
        const { suggestForWorker } = await import('../worker-suggest.ts');
        await suggestForWorker(context, name ?? context.environment.workerName, options);
      }),
    );

  withJson(worker.command('drain').argument('<worker>', 'its name, or class:NAME for all of a class'))
    .description('begin no new sectors on a worker; what it holds is finished there')
    .addHelpText('after', '\nExamples:\n  beepro worker drain host-a\n  beepro worker drain class:big')
    .action((whom: string, options: JsonOption) =>
      withContext((context) => setState(context, whom, 'draining', options)),
    );

  withJson(worker.command('undrain').argument('<worker>', 'its name, or class:NAME for all of a class'))
    .description('begin sectors on a drained worker again')
    .action((whom: string, options: JsonOption) =>
      withContext((context) => setState(context, whom, 'active', options)),
    );

  withJson(worker.command('pause').argument('<worker>'))
    .argument('<phase>', PHASE_NAMES.join(', '), phaseArgument)
    .description('start no more jobs of a phase on one worker; those that run go on')
    .addHelpText(
      'after',
      '\nExamples:\n  beepro worker pause host-a precommit2\n  beepro worker pause host-a add-piece',
    )
    .action((name: string, phase: Phase, options: JsonOption) =>
      withContext((context) => setPause(context, { name, phase, isPaused: true }, options)),
    );

  withJson(worker.command('unpause').argument('<worker>'))
    .argument('<phase>', PHASE_NAMES.join(', '), phaseArgument)
    .description('start jobs of a paused phase on a worker again')
    .action((name: string, phase: Phase, options: JsonOption) =>
      withContext((context) => setPause(context, { name, phase, isPaused: false }, options)),
    );
}

async function setState(
  context: CliContext,
  whom: string,
  state: 'active' | 'draining',
  options: JsonOption,
): Promise<void> {
  const { setWorkersState } = await import('#db');
  const names = await workersOf(context, whom);
  const changed = await setWorkersState(context.database.kysely, names, state);
  const list = names.join(', ');
  const does =
    state === 'draining'
      ? `${names.length === 1 ? 'begins' : 'begin'} no more sectors, and ${names.length === 1 ? 'finishes' : 'finish'} what is there`
      : `${names.length === 1 ? 'begins' : 'begin'} sectors again`;
  const sentence = `${list} ${does}${changed === 0 ? ', as before' : ''}.`;
  printDone(sentence, { workers: names, state, changed }, options);
}

/** The worker of this name, or all of a class, as the settings have it. @throws BeeproError `NOT_FOUND` */
async function workersOf(context: CliContext, whom: string): Promise<string[]> {
  const { listWorkers } = await import('#db');
  const of = /^class:(.+)$/.exec(whom)?.[1];
  const [workers, settings] = await Promise.all([listWorkers(context.database.kysely), context.settings()]);
  const names = workers
    .filter(({ name, state }) =>
      of === undefined
        ? name === whom
        : state !== 'removed' && settings.get('worker.class', { worker: name }) === of,
    )
    .map(({ name }) => name);
  if (names.length === 0) {
    const what = of === undefined ? 'worker' : 'worker of class';
    throw new BeeproError('NOT_FOUND', { what, name: of ?? whom });
  }
  return names;
}

interface Pausing {
  readonly name: string;
  readonly phase: Phase;
  readonly isPaused: boolean;
}

async function setPause(
  context: CliContext,
  { name, phase, isPaused }: Pausing,
  options: JsonOption,
): Promise<void> {
  const { findWorker, pauseQueue, resumeQueue } = await import('#db');
  const { queueName, showPause } = await import('#queues');
  const db = context.database.kysely;
  const queue = queueName(phase, name);
  let changed = true;
  if (isPaused) {
    if (!(await findWorker(db, name))) throw new BeeproError('NOT_FOUND', { what: 'worker', name });
    await pauseQueue(db, queue, operator());
  } else changed = await resumeQueue(db, queue);
  // Jobs of a fleet's phase wait in the fleet's queue, which goes on for the others.
  if (PHASES[phase].queue === 'host') await showPause(await context.bus(), queue, isPaused);
  const { label } = PHASES[phase];
  const sentence = isPaused
    ? `${name} starts no more ${label}.`
    : `${name} starts ${label} ${changed ? 'again' : 'as before: it was not paused'}.`;
  printDone(sentence, { worker: name, phase, paused: isPaused, changed }, options);
}
