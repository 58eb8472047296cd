import { type Command, Option } from 'commander';
import type { ActorId } from '#core';
import { countArgument, minerArgument, numberArgument } from '../arguments.ts';
import { type JsonOption, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

const STATES = [
  ...['intent', 'nonce', 'signed', 'pushed', 'landed'],
  ...['final', 'failed', 'replaced', 'cancelled'],
] as const;

interface ListOptions extends JsonOption {
  readonly miner?: ActorId;
  readonly state?: (typeof STATES)[number];
  readonly after?: number;
  readonly limit: number;
}

export function registerMessage(program: Command): void {
  const message = program
    .command('message')
    .description('the messages to the chain, from intent to finality');

  withJson(message.command('list'))
    .description('messages in the order in which they were wanted, a page at a time')
    .option('--miner <address>', 'of this miner', minerArgument)
    .addOption(new Option('--state <state>', 'in this state').choices(STATES))
    .option('--after <id>', 'that come after this one', numberArgument)
    .option('--limit <n>', 'at most so many', countArgument, 100)
    .action((options: ListOptions) =>
      withContext(async (context) => {
        const { listMessageLines } = await import('../message-format.ts');
        await listMessageLines(context.database, options);
      }),
    );

  withJson(message.command('show').argument('<id>', 'as `message list` shows it', numberArgument))
    .description('a message: its fee, its versions, its sectors and what came of it')
    .action((id: number, options: JsonOption) =>
      withContext(async (context) => {
        const { showMessage } = await import('../message-format.ts');
        await showMessage(context.database, id, options);
      }),
    );
}
