import type { Command } from 'commander';
import type { SectorId } from '#core';
import { sectorArgument } from '../arguments.ts';
import { type JsonOption, printDone, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

export function registerWhy(program: Command): void {
  withJson(program.command('why').argument('<sector>', 'MINER/NUMBER', sectorArgument))
    .description('what a sector waits for, in a sentence')
    .addHelpText('after', '\nExample:\n  beepro why t01000/12')
    .action((id: SectorId, options: JsonOption) =>
      withContext(async (context) => {
        const { whyWaiting } = await import('#sector');
        const { formatSector } = await import('../sector-format.ts');
        const waiting = await whyWaiting(context.database.kysely, id);
        printDone(
          `Sector ${formatSector(id)} waits for ${waiting}.`,
          { sector: formatSector(id), waiting },
          options,
        );
      }),
    );
}
