#!/usr/bin/env node
// Private Redis and MariaDB for work by hand, until they are stopped (or the machine boots):
//
//   node scripts/servers.mjs start    starts them, unless they run
//   node scripts/servers.mjs env      prints the shell's `export …` lines: eval "$(node scripts/servers.mjs env)"
//   node scripts/servers.mjs stop     stops them and removes their data
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './setup/progress.mjs';
import { createRun, keepRun, listRuns } from './setup/run-folder.mjs';
import { startServers } from './setup/servers.mjs';
import { reapLeftovers, stopRun } from './setup/session.mjs';
import { describeError, SetupError } from './setup/setup-error.mjs';

const KIND = 'servers';

try {
  await main(process.argv[2] ?? '');
} catch (error) {
  process.stderr.write(`${describeError(error)}\n`);
  process.exitCode = 1;
}

/** @param {string} command */
async function main(command) {
  switch (command) {
    case 'start':
      await reapLeftovers();
      if (!current()) await start();
      return printEnvironment();
    case 'env':
      return printEnvironment();
    case 'stop':
      for (const run of listRuns()) if (run.kind === KIND) await stopRun(run);
      return reapLeftovers();
    default:
      throw new SetupError(`unknown command "${command}"`, 'node scripts/servers.mjs start|env|stop');
  }
}

async function start() {
  const run = createRun(KIND);
  try {
    const env = await step('Redis and MariaDB', ({ update }) => startServers(run, update));
    writeFileSync(environmentFile(run), JSON.stringify(env));
    keepRun({ ...run, kind: KIND });
  } catch (error) {
    await stopRun(run);
    throw error;
  }
}

function printEnvironment() {
  const run = current();
  if (!run) throw new SetupError('no servers are running', 'node scripts/servers.mjs start');
  /** @type {Record<string, string>} */
  const env = JSON.parse(readFileSync(environmentFile(run), 'utf8'));
  for (const [name, value] of Object.entries(env)) process.stdout.write(`export ${name}='${value}'\n`);
}

function current() {
  return listRuns().find((run) => run.kind === KIND && run.kept && existsSync(environmentFile(run)));
}

/** @param {{ dir: string }} run */
function environmentFile(run) {
  return join(run.dir, 'environment.json');
}
