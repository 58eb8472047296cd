import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ActorId, type AttoFil, isBeeproError, parseFil } from '#core';
import { countArgument, minerArgument, numberArgument, operator } from '../arguments.ts';
import { type JsonOption, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

const STATES = [
  ...['intent', 'nonce', 'signed', 'pushed', 'landed'],
  ...['final', 'failed', 'replaced', 'cancelled'],
] as const;

interface ListOptions extends JsonOption {
  readonly miner?: ActorId;
  readonly from?: string;
  readonly state?: (typeof STATES)[number];
  readonly after?: number;
  readonly limit: number;
}

interface ReplaceOptions extends JsonOption {
  readonly premium?: AttoFil;
  readonly feeCap?: AttoFil;
  readonly maxFee?: AttoFil;
}

export function registerMessage(program: Command): void {
  const message = program
    .command('message')
    .description('the messages to the chain, from intent to finality');

  withJson(message.command('list'))
    .description('messages in the order in which they were wanted, a page at a time')
    .option('--miner <address>', 'of this miner', minerArgument)
    .option('--from <address>', 'of this sender')
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
    .description(
      'a message: its fee, its parameters, its versions, its nodes, its sectors and what came of it',
    )
    .action((id: number, options: JsonOption) =>
      withContext(async (context) => {
        const { showMessage } = await import('../message-show.ts');
        await showMessage(context.database, id, options);
      }),
    );

  registerReplace(message);
  registerCancel(message);

  withJson(message.command('foreign'))
    .description('messages of our senders that this database did not send: other software uses the key')
    .option('--from <address>', 'of this sender')
    .option('--limit <n>', 'at most so many, the newest first', countArgument, 100)
    .action((options: JsonOption & { readonly from?: string; readonly limit: number }) =>
      withContext(async (context) => {
        const { listForeignLines } = await import('../message-format.ts');
        await listForeignLines(context.database, options);
      }),
    );
}

function registerReplace(message: Command): void {
  withJson(message.command('replace').argument('<id>', 'as `message list` shows it', numberArgument))
    .description('make a message that is out dearer, under its nonce; whichever version lands, wins')
    .option(
      '--premium <amount>',
      'for the block’s miner, a unit of gas; a tenth more at least',
      amountArgument,
    )
    .option('--fee-cap <amount>', 'at most so much a unit of gas, premium included', amountArgument)
    .option('--max-fee <amount>', 'at most so much in all; default: what its settings allow', amountArgument)
    .addHelpText(
      'after',
      `
What is not given is what the chain asks now, and a quarter more premium than before at least.

Example:
  beepro message replace 17
  beepro message replace 17 --premium "200000 attoFIL" --fee-cap "3 nanoFIL" --max-fee "0.5 FIL"`,
    )
    .action((id: number, options: ReplaceOptions) =>
      withContext(async (context) => {
        const { replaceByCommand } = await import('../message-changes.ts');
        await replaceByCommand(context, id, options);
      }),
    );
}

function registerCancel(message: Command): void {
  withJson(message.command('cancel').argument('<id>', 'as `message list` shows it', numberArgument))
    .description('take a message back: an unsigned one is never sent, for a signed one its nonce is used up')
    .addHelpText(
      'after',
      `
A signed message is replaced by a transfer of nothing to its sender; the original may still win, and then counts.
Its sectors go back to batching.`,
    )
    .action((id: number, options: JsonOption) =>
      withContext(async (context) => {
        const { cancelByCommand } = await import('../message-changes.ts');
        await cancelByCommand(context, id, operator(), options);
      }),
    );
}

/** `3 nanoFIL`, `200000 attoFIL`, `0.5 FIL`; the unit must stand there, for a wrong one is money. In attoFIL. */
function amountArgument(text: string): AttoFil {
  try {
    const amount = parseFil(text);
    if (/[a-z]\s*$/i.test(text)) return amount;
  } catch (error) {
    if (!isBeeproError(error, 'MONEY_MALFORMED')) throw error;
  }
  throw new InvalidArgumentError('write an amount with its unit, such as "3 nanoFIL" or "200000 attoFIL"');
}
