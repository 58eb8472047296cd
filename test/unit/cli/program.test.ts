import { execFileSync } from 'node:child_process';
import { type Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { allCommands } from '../../../src/cli/cli-page.ts';
import { buildProgram } from '../../../src/cli/program.ts';

const everyone = allCommands(buildProgram());
const leaves = everyone.filter(({ command }) => command.commands.length === 0);
/** A role runs until it is stopped: it has a log and no answer. */
const ROLES = [
  'beepro run sealing',
  'beepro run worker',
  'beepro run ui',
  'beepro run devnet',
  'beepro devnet',
];

function parse(...words: string[]): { code: number; written: string } {
  let written = '';
  const write = (text: string): void => {
    written += text;
  };
  try {
    buildProgram({ writeOut: write, writeErr: write }).parse(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return { code: error.exitCode, written };
    throw error;
  }
  return { code: -1, written };
}

test('the commands that operators rely on', () => {
  expect(leaves.map(({ path }) => path.slice(1).join(' '))).toEqual(
    expect.arrayContaining([
      ...['run sealing', 'run worker', 'run ui', 'run devnet', 'devnet'],
      ...['miner add', 'miner list', 'miner info'],
      ...['sector pledge', 'sector list', 'sector show', 'sector log'],
      ...['sector resume', 'sector redo', 'sector remove', 'why'],
      ...['piece add', 'piece list', 'piece show', 'piece retrieve'],
      ...['worker list', 'worker show', 'worker limit', 'worker remove'],
      ...['setting list', 'setting get', 'setting set', 'setting reset', 'setting history'],
      ...['queue list', 'queue pause', 'queue resume'],
      ...['storage add', 'storage list', 'storage open', 'storage close'],
      ...['params list', 'params fetch', 'params generate', 'params verify', 'params trust', 'params remove'],
      ...['message list', 'message show', 'audit', 'db migrate', 'db status'],
    ]),
  );
});

test.each(everyone.map(({ path, command }) => [path.join(' '), command] as const))(
  '%s says what it does, and what its options mean',
  (_name, command) => {
    expect(command.description().length).toBeGreaterThan(8);
    for (const option of command.options) expect(option.description, option.flags).not.toBe('');
  },
);

test.each(
  leaves
    .map(({ path, command }) => [path.join(' '), command] as const)
    .filter(([name]) => !ROLES.includes(name)),
)('%s takes --json', (_name, command) => {
  expect(command.options.map(({ long }) => long)).toContain('--json');
});

test.each([
  'beepro',
  'run',
  'devnet',
  'sector pledge',
  'setting set',
  'worker limit',
  'piece add',
  'params fetch',
])('%s shows examples, and they are commands that there are', (name) => {
  const help = parse(...name.split(' ').filter((word) => word !== 'beepro'), '--help').written;
  const examples = [...help.matchAll(/^ {2}beepro (.*)$/gm)].map(([, words]) => words ?? '');
  expect(examples).not.toEqual([]);
  for (const example of examples) expect(commandOf(example), example).toBeDefined();
});

/** The command that a line of an example names, if its options are all known there. */
function commandOf(example: string): Command | undefined {
  const words = example.split(' ');
  const named = leaves.find(({ path }) => path.slice(1).every((word, i) => words[i] === word));
  const flags = words.filter((word) => word.startsWith('--'));
  const known = named?.command.options.map(({ long }) => long) ?? [];
  return flags.every((flag) => known.includes(flag)) ? named?.command : undefined;
}

test.each([
  [['bogus']],
  [['sector', 'bogus']],
  [['sector', 'list', '--bogus']],
  [['sector', 'list', '--state', 'Bogus']],
  [['sector', 'list', '--miner', 'f2abc']],
  [['sector', 'list', '--limit', '0']],
  [['sector', 'show', '12']],
  [['sector', 'show']],
  [['sector', 'pledge']],
  [['sector', 'pledge', '--miner', 't01000', '--count', 'many']],
  [['worker', 'limit', 'host-a', 'precommit9', '1']],
  [['worker', 'limit', 'host-a', 'precommit1', '-1']],
  [['run', 'ui', '--listen', '8840']],
  [['run', 'ui', '--listen', 'host:99999']],
  [['devnet', '--block-time', '4']],
  [['devnet', '--null-rounds', '1']],
  [['devnet', '--sector-size', '32GiB']],
  [['piece', 'retrieve', 'baga']],
  [['params', 'fetch', '--sector-size', '3KiB']],
  [['message', 'show', 'one']],
])('%j is refused before anything is opened', (words) => {
  const { code, written } = parse(...words);
  expect(code).toBe(1);
  expect(written).toMatch(/^error: /);
});

test('help and version end well', () => {
  expect(parse('--help')).toMatchObject({ code: 0 });
  expect(parse('help', 'sector')).toMatchObject({ code: 0 });
  expect(parse('--version').written).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('building the program loads neither servers’ clients nor the chain’s cryptography', () => {
  const script = `
    import { registerHooks } from 'node:module';
    const heavy = [];
    registerHooks({ resolve(name, context, next) {
      if (/^(bullmq|ioredis|mysql2|kysely|fastify|zod|@noble|pino)/.test(name)) heavy.push(name);
      return next(name, context);
    } });
    const { buildProgram } = await import('./src/cli/program.ts');
    buildProgram();
    console.log(JSON.stringify(heavy));`;
  const written = execFileSync(
    process.execPath,
    ['--conditions=development', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect(JSON.parse(written)).toEqual([]);
});
