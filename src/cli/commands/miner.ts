import type { Command } from 'commander';
import type { ActorId, AttoFil } from '#core';
import type { SendOptions } from '../account-message.ts';
import { amountArgument, amountOrAllArgument, minerArgument } from '../arguments.ts';
import { type JsonOption, printDone, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';
import { withSending } from '../send-options.ts';

export function registerMiner(program: Command): void {
  const miner = program.command('miner').description('the miners that this fleet seals for');

  withJson(miner.command('add'))
    .description('seal for a miner: reads what the chain says of it; again, to bring that up to date')
    .argument('<address>', 'such as t01000')
    .option('--sender <address>', "signs and pays for its messages; the miner's worker by default")
    .addHelpText(
      'after',
      '\nExample:\n  beepro miner add f01234 --sender f1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za',
    )
    .action((address: string, options: JsonOption & { sender?: string }) =>
      withContext(async (context) => {
        const { parseAddress } = await import('#codec');
        const { addMiner } = await import('#sector');
        const { sender } = options;
        parseAddress(address);
        if (sender !== undefined) parseAddress(sender);
        const added = await addMiner(
          { db: context.database.kysely, chain: await context.chain() },
          { miner: address, ...(sender !== undefined && { sender }) },
        );
        const payer = added.sender ?? added.worker;
        const sentence = `Miner t0${added.id} on ${added.network}, ${added.sector_size} sectors; ${payer} signs and pays.`;
        printDone(sentence, { ...added }, options);
      }),
    );

  withJson(miner.command('list'))
    .description('the miners: how many sectors each has here, its available balance, debt, and sender')
    .action((options: JsonOption) =>
      withContext(async (context) => {
        const { listMinerLines } = await import('../miner-format.ts');
        await listMinerLines(context, options);
      }),
    );

  withJson(miner.command('info').alias('show').argument('<address>', 'such as t01000', minerArgument))
    .description(
      'a miner: what is known here, and what the chain says of it now: money, debt, fault, senders',
    )
    .action((id: ActorId, options: JsonOption) =>
      withContext(async (context) => {
        const { showMiner } = await import('../miner-format.ts');
        await showMiner(context, id, options);
      }),
    );

  withSending(miner.command('withdraw'))
    .description('pay out what the miner has available, to its beneficiary; its owner signs')
    .argument('<address>', 'such as t01000', minerArgument)
    .argument('<amount>', 'such as "10 FIL", or all', amountOrAllArgument)
    .addHelpText('after', '\nExample:\n  beepro miner withdraw t01000 "10 FIL" --wait')
    .action((id: ActorId, amount: AttoFil | 'all', options: SendOptions) =>
      withContext(async (context) => {
        const { withdraw } = await import('../miner-messages.ts');
        await withdraw(context, id, amount, options);
      }),
    );

  withSending(miner.command('repay-debt'))
    .description('repay the fee debt that blocks pre-commits and recoveries')
    .argument('<address>', 'such as t01000', minerArgument)
    .option(
      '--bring <amount>',
      'what the sender adds to the miner’s balance; by default what that lacks',
      amountArgument,
    )
    .action((id: ActorId, options: SendOptions & { bring?: AttoFil }) =>
      withContext(async (context) => {
        const { repayDebt } = await import('../miner-messages.ts');
        await repayDebt(context, id, options);
      }),
    );

  registerControl(miner);
}

function registerControl(miner: Command): void {
  const control = miner.command('control').description('the addresses that may send for a miner');

  withJson(control.command('list').argument('<address>', 'such as t01000', minerArgument))
    .description('owner, worker and control addresses: what each sends, and its balance')
    .action((id: ActorId, options: JsonOption) =>
      withContext(async (context) => {
        const { listControl } = await import('../miner-format.ts');
        await listControl(context, id, options);
      }),
    );

  withSending(control.command('set'))
    .description('replace the control addresses, all of them; the miner’s owner signs')
    .argument('<address>', 'such as t01000', minerArgument)
    .argument('[control...]', 'the control addresses from then on, none to have none')
    .option('--worker <address>', 'ask for another worker too: it counts after 900 epochs and a confirmation')
    .addHelpText(
      'after',
      '\nExample:\n  beepro miner control set t01000 t3… t1…\n  beepro setting set sender.post t3… --scope miner:1000',
    )
    .action((id: ActorId, addresses: string[], options: SendOptions & { worker?: string }) =>
      withContext(async (context) => {
        const { setControl } = await import('../miner-messages.ts');
        await setControl(context, id, addresses, options);
      }),
    );

  withSending(control.command('confirm-worker'))
    .description('make the worker that was asked for the miner’s worker, once its 900 epochs are over')
    .argument('<address>', 'such as t01000', minerArgument)
    .action((id: ActorId, options: SendOptions) =>
      withContext(async (context) => {
        const { confirmWorker } = await import('../miner-messages.ts');
        await confirmWorker(context, id, options);
      }),
    );
}
