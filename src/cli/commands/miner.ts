import type { Command } from 'commander';
import type { ActorId } from '#core';
import { minerArgument } from '../arguments.ts';
import { type JsonOption, printDone, printRows, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

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
    .description('the miners, and how many sectors each has here')
    .action((options: JsonOption) =>
      withContext(async (context) => {
        const { countSectorsByState, listMiners } = await import('#db');
        const db = context.database.kysely;
        const [miners, counts] = await Promise.all([listMiners(db), countSectorsByState(db)]);
        const rows = miners.map((row) => {
          const own = counts.filter((count) => count.miner === row.id);
          const sum = (of: typeof own) => of.reduce((total, count) => total + Number(count.sectors), 0);
          return {
            ...row,
            sectors: sum(own),
            proving: sum(own.filter(({ state }) => state === 'Proving')),
            parked: sum(own.filter(({ state }) => state === 'Parked')),
          };
        });
        printRows(
          rows,
          [
            { title: 'MINER', value: (row) => `t0${row.id}` },
            { title: 'NETWORK', value: (row) => row.network },
            { title: 'SIZE', value: (row) => row.sector_size, align: 'right' },
            { title: 'SECTORS', value: (row) => row.sectors, align: 'right' },
            { title: 'PROVING', value: (row) => row.proving, align: 'right' },
            { title: 'PARKED', value: (row) => row.parked, align: 'right' },
            { title: 'SENDER', value: (row) => row.sender ?? row.worker },
          ],
          { ...options, none: 'No miner yet. Add one with: beepro miner add t01000' },
        );
      }),
    );

  withJson(miner.command('info').argument('<address>', 'such as t01000', minerArgument))
    .description('a miner: what is known here, and what the chain says of it now')
    .action((id: ActorId, options: JsonOption) =>
      withContext(async (context) => {
        const { showMiner } = await import('../miner-format.ts');
        await showMiner(context, id, options);
      }),
    );
}
