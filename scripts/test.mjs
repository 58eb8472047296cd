#!/usr/bin/env node
// npm test [-- FILTER … [FLAG …]]: every test, or those whose path holds one of the filters, as "unit/core". From the
// first that begins with a dash on, arguments are for vitest, as "-t name".
import { findBrowser } from './setup/browser.mjs';
import { main } from './setup/main.mjs';
import { memoEnv, prepare } from './setup/prepare.mjs';
import { step } from './setup/progress.mjs';
import { withRun } from './setup/session.mjs';
import { SetupError } from './setup/setup-error.mjs';
import { cargoStage } from './testing/cargo-stage.mjs';
import { closingLine } from './testing/outcome.mjs';
import { programStage } from './testing/program-stage.mjs';
import { listTestFiles, vitestStage } from './testing/vitest-stage.mjs';

/** @typedef {import('./testing/outcome.mjs').Outcome} Outcome */
/** @typedef {(env: NodeJS.ProcessEnv) => Promise<Outcome>} Stage */

/** In this order, because what fails fast is to be told first. */
const PROJECTS = /** @type {const} */ (['unit', 'integration', 'e2e', 'chaos']);

await main(async () => {
  const { filters, flags } = splitArguments(process.argv.slice(2));
  const selected = PROJECTS.map((project) => ({ project, files: listTestFiles(project, filters) }));
  const chosen = selected.filter(({ files }) => files.length > 0);
  const everything = filters.length + flags.length === 0;
  if (chosen.length === 0) throw new SetupError(`no test file matches ${filters.join(' ')}`, 'ls -R test');

  /** @type {Stage[]} */
  const stages = [
    ...(everything
      ? [programStage('types', 'tsc', ['--noEmit']), programStage('lint', 'biome', ['check', '.'])]
      : []),
    ...chosen.map(({ project, files }) => vitestStage(project, filters.length === 0 ? [] : files, flags)),
    ...(everything ? [cargoStage()] : []),
  ];
  const withServers = chosen.some(({ project }) => project !== 'unit');
  const env = await prepare(withServers ? { sealer: true, parameters: ['2KiB'] } : {});
  const withPages = chosen.some(({ files }) => files.some((file) => /\bbrowser\b/.test(file)));
  const browser = withPages ? await browserEnv() : {};
  const outcomes = withServers
    ? await withRun('test', (run) => runAll(stages, { ...env, ...memoEnv(), ...browser, ...run }))
    : await runAll(stages, env);
  process.stdout.write(`\n${closingLine(outcomes)}\n`);
  return outcomes.every(({ failed }) => failed === 0) ? 0 : 1;
});

/** @returns {Promise<NodeJS.ProcessEnv>} */
async function browserEnv() {
  const complain = (/** @type {string} */ reason) => process.stderr.write(`  ${reason}\n`);
  const browser = await step('Chromium', ({ update }) => findBrowser(update, complain));
  return browser === undefined ? {} : { BEEPRO_CHROMIUM: browser };
}

/** @param {readonly string[]} args */
function splitArguments(args) {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  return first < 0
    ? { filters: args, flags: [] }
    : { filters: args.slice(0, first), flags: args.slice(first) };
}

/**
 * One after another, to the end, so that one failure does not hide the others; but not when it is interrupted.
 * @param {readonly Stage[]} stages
 * @param {NodeJS.ProcessEnv} env
 */
async function runAll(stages, env) {
  /** @type {Outcome[]} */
  const outcomes = [];
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  for (const stage of stages) {
    outcomes.push(await stage(env));
    if (interrupted) throw new SetupError('interrupted', 'what was found until then is above');
  }
  process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  return outcomes;
}
