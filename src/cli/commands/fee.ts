import { Argument, type Command } from 'commander';
import type { ActorId } from '#core';
import { minerArgument } from '../arguments.ts';
import { type JsonOption, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';
import type { FeeChange } from '../fee-format.ts';

/** As `config/registry/fee.ts` has them; a test holds the two together. */
const PURPOSES = ['precommit', 'commit', 'post', 'terminate', 'extend', 'recover', 'withdraw', 'other'];

export function registerFee(program: Command): void {
  const fee = program.command('fee').description('what messages may cost, by what they are for');

  withJson(fee.command('list'))
    .description('the limits of every purpose, where they come from, and the base fee now')
    .option('--miner <address>', 'as they count for this miner', minerArgument)
    .action((options: JsonOption & { miner?: ActorId }) =>
      withContext(async (context) => {
        const { listFees } = await import('../fee-format.ts');
        await listFees(context, options);
      }),
    );

  withJson(fee.command('set'))
    .description('change limits of a purpose, in force at once')
    .addArgument(new Argument('<purpose>', 'what the messages are for').choices(PURPOSES))
    .option('--max <amount>', 'the most a message may cost, such as "1.5 FIL" or "300 milliFIL"')
    .option('--urgent-max <amount>', 'the same once it presses')
    .option('--urgent-within <epochs>', 'it presses so long before its last epoch, such as 3h or 60')
    .option('--fee-cap <amount>', 'the most for one unit of gas, such as "2 nanoFIL"; none for no limit')
    .option('--premium-max <amount>', 'of that, the most for the block’s miner; none for no limit')
    .option('--gas-factor <number>', 'factor on the estimated gas limit; none for fee.gas_overestimation')
    .option('--miner <address>', 'for this miner alone', minerArgument)
    .addHelpText(
      'after',
      '\nExample:\n  beepro fee set commit --max "500 milliFIL" --urgent-max "4 FIL" --miner t01000',
    )
    .action((purpose: string, options: JsonOption & FeeChange & { miner?: ActorId }) =>
      withContext(async (context) => {
        const { setFees } = await import('../fee-format.ts');
        await setFees(context, purpose, options);
      }),
    );
}
