import type { Command } from 'commander';
import type { SectorId } from '#core';
import { countArgument, sectorArgument } from '../arguments.ts';
import { type JsonOption, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

export function registerWhy(program: Command): void {
  withJson(program.command('why').argument('<sector>', 'MINER/NUMBER', sectorArgument))
    .description('what a sector waits for; for a job that waits, what each worker that might take it says')
    .option(
      '--limit <n>',
      'name at most so many workers, those first that are nearest to it',
      countArgument,
      10,
    )
    .addHelpText('after', '\nExample:\n  beepro why t01000/12')
    .action((id: SectorId, options: JsonOption & { limit: number }) =>
      withContext(async (context) => {
        const { showWhy } = await import('../why-format.ts');
        await showWhy(context, id, options);
      }),
    );
}
