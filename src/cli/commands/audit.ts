import type { Command } from 'commander';
import { type JsonOption, printLine, printRows, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

export function registerAudit(program: Command): void {
  withJson(program.command('audit'))
    .description('compare the database with itself and with the chain; exit code 1 when they disagree')
    .addHelpText(
      'after',
      `
It looks for what must never be: two accepted runs of a phase, two landings of a sector, two nonces for one intent,
a sector that the chain knows otherwise. It changes nothing.`,
    )
    .action((options: JsonOption) =>
      withContext(async (context) => {
        const { audit } = await import('#sector');
        const violations = await audit(context.database.kysely, await context.chain());
        printRows(
          violations,
          [
            { title: 'RULE', value: (row) => row.rule },
            { title: 'ABOUT', value: (row) => row.about },
            { title: 'WHAT', value: (row) => row.detail },
          ],
          { ...options, none: 'Database and chain agree.' },
        );
        if (violations.length === 0) return;
        if (!options.json) printLine(`\n${violations.length} violation(s).`);
        process.exitCode = EXIT.refused;
      }),
    );
}
