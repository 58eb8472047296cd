import type { Command } from 'commander';
import type { ActorId } from '#core';
import { minerArgument, operator } from '../arguments.ts';
import { type JsonOption, printDone, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

interface PledgeOptions extends JsonOption {
  readonly miner?: ActorId;
}

export function registerPledge(program: Command): void {
  const pledge = program
    .command('pledge')
    .description('automatic pledging: keeps the workers filled with committed-capacity sectors');

  forMiners(pledge.command('on'))
    .description('pledge by itself from now on, as many sectors as the workers would begin at once')
    .addHelpText(
      'after',
      `
It commits money. Its bounds are settings: pledge.max_in_flight, pledge.balance_floor, pledge.max_parked.

Example:
  beepro setting set pledge.balance_floor "100 FIL" --scope miner:1000
  beepro pledge on --miner t01000`,
    )
    .action((options: PledgeOptions) =>
      withContext(async (context) => {
        const { listMiners } = await import('#db');
        const { setSetting } = await import('#config');
        const scope = scopeOf(options.miner);
        const request = { name: 'pledge.auto', scope, value: 'true', who: operator() };
        const change = await setSetting(context.database, request, await context.wake());
        const settings = await context.settings();
        const miners = (await listMiners(context.database.kysely)).map(({ id }) => id);
        const off = options.miner ? [] : miners.filter((id) => !settings.get('pledge.auto', { miner: id }));
        const notes = [
          `${whose(options.miner)} pledges by itself.`,
          ...off.map((id) => `Not t0${id}, for which it is off: beepro pledge on --miner t0${id}`),
          'See with: beepro pledge show',
        ];
        printDone(notes.join(' '), { scope, auto: true, changed: change !== undefined, off }, options);
      }),
    );

  forMiners(pledge.command('off'))
    .description('pledge no more by itself, at once; what was pledged is sealed')
    .action((options: PledgeOptions) =>
      withContext(async (context) => {
        const { setSetting } = await import('#config');
        const wake = await context.wake();
        const entries = (await context.settings()).entries.filter(({ name }) => name === 'pledge.auto');
        // Off for all is off for those too for which it was switched on by name.
        const own = options.miner === undefined ? entries.map(({ scope }) => scope) : [];
        const scopes = [...new Set([scopeOf(options.miner), ...own])];
        let changed = false;
        for (const scope of scopes) {
          const request = { name: 'pledge.auto', scope, value: 'false', who: operator() };
          if (await setSetting(context.database, request, wake)) changed = true;
        }
        const sentence = `${whose(options.miner)} pledges no more by itself.`;
        printDone(sentence, { scopes, auto: false, changed }, options);
      }),
    );

  forMiners(pledge.command('show'))
    .description('for each miner: on or off, the last decision and its reason, counts and money')
    .action((options: PledgeOptions) =>
      withContext(async (context) => {
        const { showPledging } = await import('../pledge-format.ts');
        await showPledging(context, options);
      }),
    );
}

function forMiners(command: Command): Command {
  return withJson(command).option('--miner <address>', 'for this miner only', minerArgument);
}

function scopeOf(miner: ActorId | undefined): string {
  return miner === undefined ? '*' : `miner:${miner}`;
}

function whose(miner: ActorId | undefined): string {
  return miner === undefined ? 'Every miner' : `Miner t0${miner}`;
}
