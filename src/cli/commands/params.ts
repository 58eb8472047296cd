import { type Command, Option } from 'commander';
import { SECTOR_SIZES } from '#core';
import { countArgument } from '../arguments.ts';
import { type JsonOption, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';
import type { SizeOptions } from '../params-commands.ts';

/** These commands work on this machine's folder: what they need of the database they ask for themselves. */
const LOCAL = { database: 'as it is' } as const;

export function registerParams(program: Command): void {
  const params = program
    .command('params')
    .description(
      "this machine's proof parameters, in FIL_PROOFS_PARAMETER_CACHE (/var/tmp/filecoin-proof-parameters)",
    );

  withSizes(params.command('list'))
    .description(
      'the files and whether they are the published ones; without --sector-size those that are there',
    )
    .option('--network <name>', 'say of each whether it may be used on this network')
    .addHelpText('after', '\nExample:\n  beepro params list --sector-size 32GiB --network mainnet')
    .action((options: SizeOptions & { network?: string }) =>
      withContext(async (context) => {
        const { listParams } = await import('../params-commands.ts');
        await listParams(context, options);
      }, LOCAL),
    );

  withSizes(params.command('fetch'), true)
    .description(
      'fetch the published files, verified by their digests; goes on where an earlier fetch stopped',
    )
    .option('--gateway <url>', 'where from')
    .option('--verify-only', 'the verifying keys alone, for machines that make no proofs')
    .option('--replace', 'put published files in the place of generated and unknown ones')
    .addHelpText('after', '\nExample:\n  beepro params fetch --sector-size 32GiB')
    .action((options: SizeOptions & { gateway?: string; verifyOnly?: boolean; replace?: boolean }) =>
      withContext(async () => {
        const { fetchParams } = await import('../params-commands.ts');
        await fetchParams(options);
      }, LOCAL),
    );

  withSizes(params.command('generate'), true)
    .description('generate the files of 2KiB and 8MiB sectors, for devnets; no other network takes them')
    .option('--threads <n>', 'that compute (all cores)', countArgument)
    .addHelpText('after', '\nExample:\n  beepro params generate --sector-size 2KiB')
    .action((options: SizeOptions & { threads?: number }) =>
      withContext(async (context) => {
        const { generateParams } = await import('../params-commands.ts');
        await generateParams(context, options);
      }, LOCAL),
    );

  withSizes(params.command('verify'))
    .description('read every file again and compare its digest; exit code 1 when one is corrupt or missing')
    .action((options: SizeOptions) =>
      withContext(async () => {
        const { verifyParams } = await import('../params-commands.ts');
        await verifyParams(options);
      }, LOCAL),
    );

  withJson(params.command('trust').argument('<file>', 'as `params list` shows it'))
    .description(
      'take a file that is not the published one for right on a network, with the content it has now',
    )
    .requiredOption('--network <name>', 'as the chain calls itself; never mainnet or calibration')
    .action((file: string, options: JsonOption & { network: string }) =>
      withContext(async (context) => {
        const { trustParamsFile } = await import('../params-commands.ts');
        await trustParamsFile(context, file, options);
      }),
    );

  withJson(params.command('remove').argument('<file...>', 'as `params list` shows them'))
    .description('remove files')
    .action((files: string[], options: JsonOption) =>
      withContext(async (context) => {
        const { removeParams } = await import('../params-commands.ts');
        await removeParams(context, files, options);
      }, LOCAL),
    );
}

function withSizes(command: Command, isRequired = false): Command {
  const size = new Option('--sector-size <size...>', 'of these sectors').choices(SECTOR_SIZES);
  return withJson(command)
    .addOption(size.makeOptionMandatory(isRequired))
    .option('--updates', 'also for replica updates (snap deals)')
    .option('--aggregation', 'also for aggregated and non-interactive proofs');
}
