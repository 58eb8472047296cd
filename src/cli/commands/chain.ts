import type { Command } from 'commander';
import { durationArgument } from '../arguments.ts';
import type { CallCommand } from '../chain-call.ts';
import type { AddCommand } from '../chain-setting.ts';
import { type JsonOption, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

export function registerChain(program: Command): void {
  const chain = program.command('chain').description('the Lotus nodes, and what they say of the chain');

  withJson(chain.command('nodes'))
    .description(
      'each node as this machine and the coordinator see it: head, lag, latency, errors, and why it is out',
    )
    .action((options: JsonOption) =>
      withContext(async (context) => {
        const { showNodes } = await import('../chain-nodes.ts');
        await showNodes(context, options);
      }),
    );

  withJson(chain.command('head'))
    .description('the head of the chain, and how it stands to the clock')
    .action((options: JsonOption) =>
      withContext(async (context) => {
        const { showHead } = await import('../chain-call.ts');
        await showHead(context, options);
      }),
    );

  withJson(chain.command('call'))
    .description('call a method of Lotus’ v1 API; parameters and answer are JSON')
    .argument('<method>', 'such as StateMinerPower')
    .argument('[params...]', 'each JSON; what is none is taken as text')
    .option('--write', 'also a method that changes something')
    .option('--timeout <duration>', 'in place of chain.timeout', durationArgument)
    .addHelpText(
      'after',
      `
Examples:
  beepro chain call ChainHead
  beepro chain call StateMinerPower t01000 '[]'
  beepro chain call StateGetRandomnessFromTickets 5 1200 '"gkMA6Ac="' '[]'`,
    )
    .action((method: string, params: readonly string[], options: CallCommand) =>
      withContext(async (context) => {
        const { callMethod } = await import('../chain-call.ts');
        await callMethod(context, method, params, options);
      }),
    );

  withJson(chain.command('add'))
    .description('take a node into chain.nodes: live, without a restart')
    .argument('<address>', 'URL or multiaddr; or env:NAME, file:/PATH of a secret that holds TOKEN:ADDRESS')
    .option('--token <reference>', 'where its API token is: env:NAME or file:/PATH')
    .option('--first', 'before the others: the process looks at the chain through the first that is well')
    .option('--force', 'even if it cannot be reached, or serves another chain')
    .addHelpText(
      'after',
      `
Examples:
  beepro chain add http://10.0.0.5:1234/rpc/v1 --token file:/etc/beepro/lotus.token
  beepro chain add /dns4/node.example/tcp/443/wss --token env:LOTUS_TOKEN --first
  beepro chain add env:FULLNODE_API_INFO`,
    )
    .action((address: string, options: AddCommand) =>
      withContext(async (context) => {
        const { addNode } = await import('../chain-setting.ts');
        await addNode(context, address, options);
      }),
    );

  withJson(chain.command('remove').argument('<node>', 'its address, or host:port as `chain nodes` shows it'))
    .description('take a node out of chain.nodes: live, without a restart')
    .action((node: string, options: JsonOption) =>
      withContext(async (context) => {
        const { removeNode } = await import('../chain-setting.ts');
        await removeNode(context, node, options);
      }),
    );

  withJson(chain.command('forget'))
    .description(
      'forget which chain this installation belongs to: the next contact records what the nodes serve then',
    )
    .option('--yes', 'do it; without this only what is recorded is shown')
    .action((options: JsonOption & { yes?: boolean }) =>
      withContext(async (context) => {
        const { forgetChain } = await import('../chain-setting.ts');
        await forgetChain(context, options);
      }),
    );
}
