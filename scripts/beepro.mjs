#!/usr/bin/env node
// The command line: on the production build where that is up to date, else on the source.
import { join } from 'node:path';
import { main } from './setup/main.mjs';
import { nodePath, runInForeground, runSource } from './setup/node-runtime.mjs';
import { ensurePackages } from './setup/packages.mjs';
import { ROOT } from './setup/places.mjs';
import { builtProgram } from './setup/production-build.mjs';

await main(async () => {
  await ensurePackages();
  const args = process.argv.slice(2);
  const built = builtProgram();
  return built
    ? runInForeground(nodePath(), [built, ...args])
    : runSource(join(ROOT, 'src/cli/main.ts'), args);
});
