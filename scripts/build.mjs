#!/usr/bin/env node
// npm run build [-- --no-sealer]: the production build in dist/, with the sealer as dist/bin/beepro-sealer.
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { main } from './setup/main.mjs';
import { ROOT } from './setup/places.mjs';
import { prepare } from './setup/prepare.mjs';
import { buildProgram } from './setup/production-build.mjs';
import { step } from './setup/progress.mjs';

await main(async () => {
  const withSealer = !process.argv.includes('--no-sealer');
  const env = await prepare({ sealer: withSealer });
  await step('production build', () => buildProgram());
  if (!withSealer || !env.BEEPRO_SEALER_BIN) return;
  mkdirSync(join(ROOT, 'dist/bin'), { recursive: true });
  cpSync(env.BEEPRO_SEALER_BIN, join(ROOT, 'dist/bin/beepro-sealer'));
});
