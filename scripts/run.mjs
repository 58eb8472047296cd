#!/usr/bin/env node
// Runs a TypeScript program of this project with all it may need: node scripts/run.mjs [--bare] FILE.ts [ARGUMENT …]
// With --bare it needs nothing but the packages: no sealer, no servers.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { main } from './setup/main.mjs';
import { runSource } from './setup/node-runtime.mjs';
import { memoEnv, prepare } from './setup/prepare.mjs';
import { withRun } from './setup/session.mjs';
import { SetupError } from './setup/setup-error.mjs';

await main(async () => {
  const bare = process.argv[2] === '--bare';
  const [script = '', ...args] = process.argv.slice(bare ? 3 : 2);
  if (!existsSync(script))
    throw new SetupError(
      `there is no file "${script}"`,
      'node scripts/run.mjs [--bare] FILE.ts [ARGUMENT …]',
    );
  if (bare) return runSource(resolve(script), args, await prepare({}));
  const env = await prepare({ sealer: true, parameters: ['2KiB'] });
  return withRun('run', (servers) => runSource(resolve(script), args, { ...env, ...memoEnv(), ...servers }));
});
