import { type Command, Option } from 'commander';
import { type ActorId, SECTOR_STATES, type SectorId, type SectorState } from '#core';
import { countArgument, minerArgument, sectorArgument } from '../arguments.ts';
import { type JsonOption, printDone, printRows, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

interface ListOptions extends JsonOption {
  readonly miner?: ActorId;
  readonly state?: SectorState;
  readonly worker?: string;
  readonly after?: SectorId;
  readonly limit: number;
}

export function registerSector(program: Command): void {
  const sector = program.command('sector').description('sectors: pledge, look at, resume, redo, remove');

  withJson(sector.command('pledge'))
    .description('seal committed-capacity (CC) sectors')
    .requiredOption('--miner <address>', 'the miner they belong to', minerArgument)
    .option('--count <n>', 'how many', countArgument, 1)
    .addHelpText('after', '\nExample:\n  beepro sector pledge --miner t01000 --count 10')
    .action((options: JsonOption & { miner: ActorId; count: number }) =>
      withContext(async (context) => {
        const { formatSector } = await import('../sector-format.ts');
        const { pledgeSectors } = await import('#sector');
        const modules = { ...(await context.sectorModules()), chain: await context.chain() };
        const pledged = await pledgeSectors(modules, { miner: options.miner, count: options.count });
        const names = pledged.map((number) => formatSector({ miner: options.miner, number }));
        printDone(`Pledged ${names.join(', ')}.`, { sectors: names }, options);
      }),
    );

  withJson(sector.command('list'))
    .description('sectors in the order of their numbers, a page at a time')
    .option('--miner <address>', 'of this miner', minerArgument)
    .addOption(new Option('--state <state>', 'in this state').choices(SECTOR_STATES))
    .option('--worker <name>', 'whose files this worker holds')
    .option('--after <sector>', 'that come after this one', sectorArgument)
    .option('--limit <n>', 'at most so many', countArgument, 100)
    .action((options: ListOptions) =>
      withContext(async (context) => {
        const { listSectorLines } = await import('../sector-format.ts');
        await listSectorLines(context.database, options);
      }),
    );

  withJson(sector.command('show').argument('<sector>', 'MINER/NUMBER', sectorArgument))
    .description('everything known of a sector, its runs, its messages and why it waits')
    .action((id: SectorId, options: JsonOption) =>
      withContext(async (context) => {
        const { showSector } = await import('../sector-format.ts');
        await showSector(context, id, options);
      }),
    );

  withJson(sector.command('log').argument('<sector>', 'MINER/NUMBER', sectorArgument))
    .description('what happened to a sector, in order')
    .option('--limit <n>', 'at most so many, the oldest first', countArgument, 1000)
    .action((id: SectorId, options: JsonOption & { limit: number }) =>
      withContext(async (context) => {
        const { listSectorEvents } = await import('#db');
        const events = await listSectorEvents(context.database.kysely, id, { limit: options.limit });
        printRows(
          events,
          [
            { title: 'AT', value: (row) => row.at.toISOString() },
            { title: 'EVENT', value: (row) => row.event },
            { title: 'FROM', value: (row) => row.from_state },
            { title: 'TO', value: (row) => row.to_state },
            { title: 'DATA', value: (row) => dataText(row.data) },
          ],
          { ...options, none: 'Nothing happened to this sector.' },
        );
      }),
    );

  for (const [name, description] of [
    ['resume', 'let a parked sector go on from where it stood'],
    ['redo', 'seal a sector again from the start, under its number, as far as the chain allows'],
  ] as const) {
    withJson(sector.command(name).argument('<sector>', 'MINER/NUMBER', sectorArgument))
      .description(description)
      .action((id: SectorId, options: JsonOption) =>
        withContext(async (context) => {
          const { resumeSector, redoSector } = await import('#sector');
          const { formatSector } = await import('../sector-format.ts');
          const act = name === 'resume' ? resumeSector : redoSector;
          const state = await act(await context.sectorModules(), id);
          printDone(
            `Sector ${formatSector(id)} is in ${state}.`,
            { sector: formatSector(id), state },
            options,
          );
        }),
      );
  }

  withJson(sector.command('remove').argument('<sector>', 'MINER/NUMBER', sectorArgument))
    .description(
      'give a sector up and remove its files; one that is on chain or may be is kept unless forced',
    )
    .option('--force', 'even if a pre-commit deposit is lost with it')
    .action((id: SectorId, options: JsonOption & { force?: boolean }) =>
      withContext(async (context) => {
        const { removeSector } = await import('#sector');
        const { formatSector } = await import('../sector-format.ts');
        const state = await removeSector(await context.sectorModules(), id, {
          force: options.force ?? false,
        });
        printDone(`Sector ${formatSector(id)} is in ${state}.`, { sector: formatSector(id), state }, options);
      }),
    );
}

function dataText(data: Record<string, unknown>): string {
  const text = Object.entries(data)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(' ');
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
