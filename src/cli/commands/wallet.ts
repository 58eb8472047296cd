import { Argument, type Command } from 'commander';
import type { ActorId, AttoFil } from '#core';
import type { SendOptions } from '../account-message.ts';
import { amountArgument, minerArgument } from '../arguments.ts';
import { type JsonOption, withJson } from '../command-io.ts';
import type { ConfirmOption } from '../confirm.ts';
import { withContext } from '../context.ts';
import { withSending } from '../send-options.ts';
import type { StoreOptions } from '../wallet-store.ts';

export function registerWallet(program: Command): void {
  const wallet = program
    .command('wallet')
    .description('the keys that sign: where they are, what they have, and this machine’s key store');

  withJson(wallet.command('list'))
    .description(
      'every key that a signer of wallet.signers holds: its kind, balance, and what it is to the miners',
    )
    .action((options: JsonOption) =>
      withContext(async (context) => {
        const { listWallet } = await import('../wallet-format.ts');
        await listWallet(context, options);
      }),
    );

  withJson(wallet.command('balance').argument('[address]', 'by default of every key that is held'))
    .description('what addresses have on chain')
    .action((address: string | undefined, options: JsonOption) =>
      withContext(async (context) => {
        const { showBalances } = await import('../wallet-format.ts');
        await showBalances(context, address, options);
      }),
    );

  withStore(wallet.command('new'))
    .description('make a key in this machine’s key store')
    .addArgument(new Argument('<kind>', 'bls for workers, either for the rest').choices(['secp256k1', 'bls']))
    .action((kind: 'secp256k1' | 'bls', options: StoreOptions) =>
      withContext(async (context) => {
        const { newKey } = await import('../wallet-store.ts');
        await newKey(context, kind, options);
      }),
    );

  withStore(wallet.command('import'))
    .description('put a key into this machine’s key store, as `lotus wallet export` writes it')
    .argument('[file]', 'by default from standard input, so that the key stands in no history')
    .addHelpText('after', '\nExample:\n  lotus wallet export t3… | beepro wallet import')
    .action((file: string | undefined, options: StoreOptions) =>
      withContext(async (context) => {
        const { importKeyText } = await import('../wallet-store.ts');
        await importKeyText(context, file, options);
      }),
    );

  withStore(wallet.command('export').argument('<address>', 'as `wallet list` shows it'))
    .description(
      'write a key of this machine’s key store as `lotus wallet import` reads it: whoever has it has the money',
    )
    .option('--yes', 'do it without asking; needed where there is no terminal')
    .option('--out <file>', 'into a new file that its owner alone can read, not to standard output')
    .action((address: string, options: StoreOptions & ConfirmOption & { out?: string }) =>
      withContext(async (context) => {
        const { exportKeyText } = await import('../wallet-store.ts');
        await exportKeyText(context, address, options);
      }),
    );

  withSending(wallet.command('send'))
    .description('send FIL from a key that a signer holds, as a message of the miner that it is booked on')
    .argument('<from>', 'a key address (t1…, t3…)')
    .argument('<to>', 'any address')
    .argument('<amount>', 'such as "1.5 FIL"', amountArgument)
    .requiredOption('--miner <address>', 'on whose messages it is booked', minerArgument)
    .action((from: string, to: string, amount: AttoFil, options: SendOptions & { miner: ActorId }) =>
      withContext(async (context) => {
        const { sendFil } = await import('../wallet-format.ts');
        await sendFil(context, { from, to, amount }, options);
      }),
    );
}

function withStore(command: Command): Command {
  return withJson(command)
    .option('--store <file>', 'the key store; by default the first of wallet.signers')
    .option('--password <reference>', 'where its password is: env:NAME or file:/PATH');
}
