import type { Command } from 'commander';
import type { ActorId } from '#core';
import { countArgument, minerArgument, operator } from '../arguments.ts';
import { type JsonOption, printDone, printFacts, printLine, printRows, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

interface ForWhom extends JsonOption {
  readonly miner?: ActorId;
  readonly worker?: string;
  readonly class?: string;
}

const SCOPES = `
Scopes: * (everyone), miner:1000, class:NAME (workers of that worker.class), worker:NAME. The most specific one wins.`;

export function registerSetting(program: Command): void {
  const setting = program
    .command('setting')
    .description('settings: in force everywhere within 2 s, without a restart');

  withForWhom(setting.command('list'))
    .description('every setting: its value, where that comes from, default, kind and meaning')
    .argument('[prefix]', 'only names that begin so')
    .option('--changed', 'only those that somebody has set')
    .addHelpText(
      'after',
      '\nExamples:\n  beepro setting list worker.limit\n  beepro setting list --worker host-a',
    )
    .action((prefix: string | undefined, options: ForWhom & { changed?: boolean }) =>
      withContext(async (context) => {
        const { listSettings } = await import('../setting-format.ts');
        const rows = listSettings(await context.settings(), options, { prefix, changed: options.changed });
        printRows(
          rows,
          [
            { title: 'NAME', value: (row) => row.name },
            { title: 'VALUE', value: (row) => row.value },
            { title: 'FROM', value: (row) => row.from },
            { title: 'DEFAULT', value: (row) => row.default },
            { title: 'KIND', value: (row) => row.kind },
            { title: 'DOC', value: (row) => (row.error ? `NO EFFECT: ${row.error}` : row.doc) },
          ],
          { ...options, fit: true, none: 'No such setting.' },
        );
      }),
    );

  withForWhom(setting.command('get'))
    .description('a setting: its value, and which scope it comes from')
    .argument('<name>')
    .addHelpText('after', '\nExample:\n  beepro setting get worker.limit.precommit1 --worker host-a')
    .action((name: string, options: ForWhom) =>
      withContext(async (context) => {
        const { explainSetting } = await import('../setting-format.ts');
        const { asked, ...facts } = explainSetting(await context.settings(), name, options);
        if (options.json) return printFacts({ ...facts, asked }, options);
        printFacts(facts, options);
        printLine('');
        printRows(
          asked,
          [
            { title: 'SCOPE', value: (row) => row.scope },
            { title: 'VALUE', value: (row) => row.text },
            { title: 'NOTE', value: (row) => row.error && `NO EFFECT: ${row.error}` },
          ],
          { none: '' },
        );
      }),
    );

  withJson(setting.command('set'))
    .description('change a setting, for everyone or for a scope')
    .argument('<name>')
    .argument('<value>', 'as `setting list` shows values: 4, 30s, 1h30m, 512MiB, 0.5 FIL, on')
    .option('--scope <scope>', 'for whom', '*')
    .addHelpText(
      'after',
      `${SCOPES}

Examples:
  beepro setting set chain.nodes "http://10.0.0.5:1234/rpc/v1 token=file:/etc/beepro/lotus.token"
  beepro setting set worker.limit.precommit1 4 --scope worker:host-a`,
    )
    .action((name: string, value: string, options: JsonOption & { scope: string }) =>
      change(name, value, options),
    );

  withJson(setting.command('reset'))
    .description('take the value of a scope away: the next wider one counts, at last the default')
    .argument('<name>')
    .option('--scope <scope>', 'for whom', '*')
    .addHelpText('after', SCOPES)
    .action((name: string, options: JsonOption & { scope: string }) => change(name, null, options));

  withJson(setting.command('history'))
    .description('who changed what and when, the newest first; `sql` is a change by plain SQL')
    .argument('[name]')
    .option('--scope <scope>', 'only for this scope')
    .option('--limit <n>', 'at most so many', countArgument, 100)
    .action((name: string | undefined, options: JsonOption & { scope?: string; limit: number }) =>
      withContext(async (context) => {
        const { listSettingHistory } = await import('#db');
        const { parseSettingName } = await import('#config');
        const rows = await listSettingHistory(context.database.kysely, {
          limit: options.limit,
          ...(name !== undefined && { name: parseSettingName(name) }),
          ...(options.scope !== undefined && { scope: options.scope }),
        });
        printRows(
          rows,
          [
            { title: 'AT', value: (row) => row.changed_at.toISOString() },
            { title: 'WHO', value: (row) => row.who },
            { title: 'NAME', value: (row) => row.name },
            { title: 'SCOPE', value: (row) => row.scope },
            { title: 'FROM', value: (row) => row.old_value },
            { title: 'TO', value: (row) => row.new_value },
          ],
          { ...options, none: 'Nothing was changed yet.' },
        );
      }),
    );
}

function withForWhom(command: Command): Command {
  return withJson(command)
    .option('--miner <address>', 'as it counts for this miner', minerArgument)
    .option('--worker <name>', 'as it counts for this worker')
    .option('--class <name>', 'as it counts for workers of this class');
}

function change(name: string, value: string | null, options: JsonOption & { scope: string }): Promise<void> {
  return withContext(async (context) => {
    const { contradictionsOf, parseSettingName, setSetting } = await import('#config');
    const { scope } = options;
    const request = { name, scope, value, who: operator() };
    const changed = await setSetting(context.database, request, await context.wake());
    const where = scope === '*' ? '' : ` for ${scope}`;
    const old = changed?.oldValue ?? 'not set';
    const now = value === null ? 'no longer set' : `"${value}"`;
    const sentence = changed
      ? `${name}${where} is ${now} (was ${old}).`
      : `${name}${where} is ${now} already.`;
    const settings = await context.settings();
    const miner = Number(/^miner:(\d+)$/.exec(scope)?.[1]);
    const whom = Number.isNaN(miner) ? {} : { miner };
    const notes = contradictionsOf(parseSettingName(name), (other) => settings.get(other, whom));
    printDone(
      [sentence, ...notes.map(({ detail }) => `Note: ${detail}.`)].join('\n'),
      {
        ...{ name, scope, value, changed: changed !== undefined, was: changed?.oldValue },
        ...(notes.length > 0 && { notes: notes.map(({ detail }) => detail) }),
      },
      options,
    );
  });
}
