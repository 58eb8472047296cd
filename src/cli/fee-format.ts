import {
  type Contradiction,
  contradictions,
  type Explanation,
  FEE_PURPOSES,
  type FeePurpose,
  parseSettingName,
  parseSettingValue,
  type SettingContext,
  type SettingName,
  type Settings,
  setSetting,
} from '#config';
import { type ActorId, BeeproError, formatFil, toBeeproError } from '#core';
import { operator } from './arguments.ts';
import { type JsonOption, printDone, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { toJson } from './output/index.ts';

/** Options of `fee set` and the settings they are. */
const LIMITS = {
  max: 'max',
  urgentMax: 'urgent_max',
  urgentWithin: 'urgent_within',
  feeCap: 'fee_cap',
  premiumMax: 'premium_max',
  gasFactor: 'gas_overestimation',
} as const;
export type FeeChange = { readonly [O in keyof typeof LIMITS]?: string };

interface FeeLine {
  readonly purpose: FeePurpose;
  readonly limits: Readonly<Record<string, Pick<Explanation<SettingName>, 'name' | 'text' | 'from'>>>;
}

/** Every purpose with its limits and where they come from, and the base fee of the chain beside. */
export async function listFees(
  context: CliContext,
  options: JsonOption & { readonly miner?: ActorId },
): Promise<void> {
  const settings = await context.settings();
  const whom: SettingContext = { miner: options.miner };
  const lines = FEE_PURPOSES.map((purpose) => feeLine(settings, purpose, whom));
  const gas = settings.explain('fee.gas_overestimation', whom);
  const [baseFee, notes] = [await readBaseFee(context), feeNotes(settings, whom)];
  if (options.json) {
    const { text, from } = gas;
    const known = baseFee instanceof BeeproError ? null : baseFee;
    printLine(toJson({ baseFee: known, gasOverestimation: { text, from }, purposes: lines, notes }));
    return;
  }
  const limit = (line: FeeLine, name: string): string | null => {
    const found = line.limits[name];
    if (!found || found.text === '') return null;
    return found.from === 'default' ? found.text : `${found.text} (${found.from})`;
  };
  printRows(
    lines,
    [
      { title: 'PURPOSE', value: (row) => row.purpose },
      { title: 'MAX', value: (row) => limit(row, 'max') },
      { title: 'URGENT MAX', value: (row) => limit(row, 'urgent_max') },
      { title: 'URGENT WITHIN', value: (row) => limit(row, 'urgent_within') },
      { title: 'FEE CAP', value: (row) => limit(row, 'fee_cap') },
      { title: 'PREMIUM MAX', value: (row) => limit(row, 'premium_max') },
      { title: 'GAS FACTOR', value: (row) => limit(row, 'gas_overestimation') ?? gas.text },
    ],
    { none: '' },
  );
  printLine(
    '\nWithout a scope beside it a value is the default; FEE CAP and PREMIUM MAX are for one unit of gas.',
  );
  printLine(
    baseFee instanceof BeeproError
      ? `The base fee is not known: ${baseFee.message}`
      : `The base fee is ${formatFil(baseFee.amount)} for one unit of gas at epoch ${baseFee.epoch}.`,
  );
  for (const note of notes) printLine(`Note: ${note}.`);
}

function feeLine(settings: Settings, purpose: FeePurpose, whom: SettingContext): FeeLine {
  const entries = Object.values(LIMITS).map((limit) => {
    const { name, text, from } = settings.explain(`fee.${purpose}.${limit}`, whom);
    return [limit, { name, text, from }] as const;
  });
  return { purpose, limits: Object.fromEntries(entries) };
}

async function readBaseFee(
  context: CliContext,
): Promise<{ readonly amount: bigint; readonly epoch: number } | BeeproError> {
  try {
    const head = await (await context.chain()).chainHead();
    return { amount: head.blocks[0]?.parentBaseFee ?? 0n, epoch: head.height };
  } catch (error) {
    return toBeeproError(error);
  }
}

/**
 * Sets the limits that were given, all of them looked at before the first is changed.
 * @throws BeeproError `INPUT_INVALID` without a limit, `SETTING_VALUE_INVALID`
 */
export async function setFees(
  context: CliContext,
  purpose: string,
  options: JsonOption & FeeChange & { readonly miner?: ActorId },
): Promise<void> {
  const scope = options.miner === undefined ? '*' : `miner:${options.miner}`;
  const changes = Object.entries(LIMITS).flatMap(([option, limit]) => {
    const given = options[option as keyof FeeChange];
    if (given === undefined) return [];
    const name = parseSettingName(`fee.${purpose}.${limit}`);
    const value = given === 'none' ? '' : given;
    parseSettingValue(name, value);
    return [{ name, value }];
  });
  if (changes.length === 0)
    throw new BeeproError('INPUT_INVALID', {
      what: 'The command',
      detail:
        'it names no limit: --max, --urgent-max, --urgent-within, --fee-cap, --premium-max, --gas-factor',
    });
  const wake = await context.wake();
  for (const { name, value } of changes)
    await setSetting(context.database, { name, scope, value, who: operator() }, wake);
  const settings = await context.settings();
  await settings.refresh();
  const notes = feeNotes(
    settings,
    { miner: options.miner },
    changes.map(({ name }) => name),
  );
  const where = scope === '*' ? '' : ` for ${scope}`;
  const sentence = changes.map(({ name, value }) => `${name} is "${value}"${where}.`).join('\n');
  const warned = notes.map((note) => `\nNote: ${note}.`).join('');
  printDone(`${sentence}${warned}`, { scope, changes, notes }, options);
}

/** What of the limits does not go together, or of those that `names` takes part in. */
function feeNotes(settings: Settings, whom: SettingContext, names?: readonly SettingName[]): string[] {
  const isAsked = (found: Contradiction): boolean =>
    names === undefined
      ? found.names.some((name) => name.startsWith('fee.'))
      : found.names.some((name) => names.includes(name));
  return contradictions((name) => settings.get(name, whom))
    .filter(isAsked)
    .map(({ detail }) => detail);
}
