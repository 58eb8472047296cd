import { Argument, type Command } from 'commander';
import type { ActorId } from '#core';
import { minerArgument, operator } from '../arguments.ts';
import { type JsonOption, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

const KINDS = ['precommit', 'commit'] as const;

interface MinerOption extends JsonOption {
  readonly miner?: ActorId;
}

export function registerBatch(program: Command): void {
  const batch = program
    .command('batch')
    .description('sectors that wait to share a message, and sending them off');

  withJson(batch.command('list'))
    .description('what waits, since when, when it leaves at the latest and why, and what it would cost now')
    .option('--miner <address>', 'of this miner', minerArgument)
    .action((options: MinerOption) =>
      withContext(async (context) => {
        const { listBatchLines } = await import('../batch-format.ts');
        const settings = await context.settings();
        const chain = await context.chain();
        await listBatchLines({ db: context.database.kysely, settings, chain }, options);
      }),
    );

  const send = batch.command('send').description('send what waits, whatever it still waits for');
  withJson(send.command('now'))
    .description('whoever waits now leaves with the next pass; who comes later waits again')
    .addArgument(new Argument('[kind]', 'only these (default: both)').choices(KINDS))
    .option('--miner <address>', 'of this miner (default: of every one)', minerArgument)
    .addHelpText(
      'after',
      '\nExamples:\n  beepro batch send now\n  beepro batch send now commit --miner f01234',
    )
    .action((kind: (typeof KINDS)[number] | undefined, options: MinerOption) =>
      withContext(async (context) => {
        const { orderBatches } = await import('../batch-format.ts');
        const kinds = kind === undefined ? KINDS : [kind];
        await orderBatches(context.database, { ...options, kinds, who: operator() });
      }),
    );
}
