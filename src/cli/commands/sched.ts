import type { Command } from 'commander';
import { countArgument } from '../arguments.ts';
import { type JsonOption, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

export function registerSched(program: Command): void {
  withJson(program.command('sched').argument('[worker]', 'only this one, with every refusal'))
    .description('what each worker runs, holds reserved and could still take; idle slots, and why')
    .option('--limit <n>', 'at most so many workers; all are in the summary by class', countArgument, 50)
    .option('--class <name>', 'only workers of this class')
    .addHelpText('after', '\nExamples:\n  beepro sched\n  beepro sched host-a\n  beepro sched --class big')
    .action((worker: string | undefined, options: JsonOption & { limit: number; class?: string }) =>
      withContext(async (context) => {
        const { showSched } = await import('../sched-format.ts');
        await showSched(context, worker, options);
      }),
    );
}
