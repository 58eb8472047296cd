#!/usr/bin/env node
// The replay sealer, a stand-in that proves nothing: BEEPRO_SEALER_BIN may name this file (docs/replay.md).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nodePath } from './setup/node-runtime.mjs';
import { ROOT } from './setup/places.mjs';

const source = join(ROOT, 'src/replay/main.ts');
const program = existsSync(source)
  ? ['--conditions=development', '--disable-warning=ExperimentalWarning', source]
  : [join(ROOT, 'dist/src/replay/main.js')];
const child = spawn(nodePath(), [...program, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT']))
  process.on(signal, () => child.kill(signal));
child.once('exit', (code) => process.exit(code ?? 1));
