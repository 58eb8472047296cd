import type { Command } from 'commander';
import { type Column, renderTable, toJson } from './output/index.ts';

/** Every command takes `--json`: one JSON document on stdout, in place of tables and sentences. */
export function withJson(command: Command): Command {
  return command.option('--json', 'write JSON for machines');
}

export interface JsonOption {
  readonly json?: boolean;
}

/** Writes rows as a table, or as JSON; says in a sentence when there are none. */
export function printRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: JsonOption & {
    /** What is said of no rows. */
    readonly none: string;
    /** Cut lines at the terminal's width, for tables whose last column is a text. */
    readonly fit?: boolean;
  },
): void {
  if (options.json) printLine(toJson(rows));
  else if (rows.length === 0) printLine(options.none);
  else printLine(fitLines(renderTable(rows, columns), options.fit ? process.stdout.columns : undefined));
}

/** Writes one thing as `name  value` lines, or as JSON. */
export function printFacts(facts: Readonly<Record<string, unknown>>, options: JsonOption): void {
  if (options.json) {
    printLine(toJson(facts));
    return;
  }
  const rows = Object.entries(facts).filter(([, value]) => value !== undefined);
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) printLine(`${name.padEnd(width)}  ${factText(value)}`);
}

/** Says what was done. */
export function printDone(
  sentence: string,
  facts: Readonly<Record<string, unknown>>,
  options: JsonOption,
): void {
  printLine(options.json ? toJson(facts) : sentence);
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

function factText(value: unknown): string {
  if (value === null || value === '') return '–';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' ? toJson(value) : String(value);
}

/** Cuts lines to `width` terminal cells; not when that is unknown, as in a pipe. */
function fitLines(text: string, width: number | undefined): string {
  if (!width) return text;
  const fit = (line: string): string => (line.length <= width ? line : `${line.slice(0, width - 1)}…`);
  return text.split('\n').map(fit).join('\n');
}
