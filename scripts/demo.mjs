#!/usr/bin/env node
// npm run demo [-- OPTION …]: seals sectors end to end on this machine. Here: everything around it.
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { checkDemoFile } from './setup/demo-file.mjs';
import { main } from './setup/main.mjs';
import { runSource } from './setup/node-runtime.mjs';
import { ROOT } from './setup/places.mjs';
import { prepare } from './setup/prepare.mjs';
import { listRuns } from './setup/run-folder.mjs';
import { stopRun, withRun } from './setup/session.mjs';
import { SetupError } from './setup/setup-error.mjs';

const DEMO = join(ROOT, 'src/cli/demo.ts');

const HELP = `npm run demo [-- OPTION …]

Seals Filecoin sectors with real proofs on an embedded chain, with private Redis and MariaDB.

  --sectors N          how many without data (2)
  --sector-size SIZE   2KiB or 8MiB (2KiB)
  --file FILE          seal this file too, in a sector more; then get it back both from the copy
                       that is kept and by unsealing the sealed sector, and compare
  --devices N          declare N devices on this machine's cores, so that PC2 and C2 run side by side
  --no-faults          with 4 sectors or more one of the chain's three nodes is killed midway, and one
                       stands still: leave that out
  --keep               leave it all running, and print the addresses of its pages
  --stop               stop what --keep left running
`;

await main(async () => {
  const options = readOptions();
  if (options.help) return void process.stdout.write(HELP);
  if (options.stop) return stopKept();
  const env = await prepare({ sealer: true, parameters: [options.sectorSize] });
  return withRun('demo', (run) => runSource(DEMO, demoArguments(options), { ...env, ...run }), {
    keep: (exitCode) => options.keep && exitCode === 0,
  });
});

/** @typedef {import('./setup/prepare.mjs').SmallSectorSize} SmallSectorSize */
/** @typedef {{ sectors: number, sectorSize: SmallSectorSize, file: string | undefined, devices: string | undefined, faults: boolean, keep: boolean, stop: boolean, help: boolean }} DemoOptions */

/**
 * @param {DemoOptions} options
 * @returns {string[]}
 */
function demoArguments({ sectors, sectorSize, file, devices, faults, keep }) {
  return [
    ...['--sectors', String(sectors), '--sector-size', sectorSize],
    ...(file === undefined ? [] : ['--file', file]),
    ...(devices === undefined ? [] : ['--devices', devices]),
    ...(faults ? [] : ['--no-faults']),
    ...(keep ? ['--keep'] : []),
  ];
}

/**
 * Looked at here too, so that a slip of the pen is told before the sealer is built.
 * @returns {DemoOptions}
 */
function readOptions() {
  const { values } = parse();
  const sectors = Number(values.sectors);
  if (!Number.isSafeInteger(sectors) || sectors < 1) {
    throw new SetupError(`--sectors ${values.sectors} is not a number from 1 up`, 'npm run demo -- --help');
  }
  const { devices } = values;
  if (devices !== undefined && (!Number.isSafeInteger(Number(devices)) || Number(devices) < 1)) {
    throw new SetupError(`--devices ${devices} is not a number from 1 up`, 'npm run demo -- --help');
  }
  if (Number(devices) > availableParallelism()) {
    throw new SetupError(
      `--devices ${devices}: this machine has ${availableParallelism()} cores`,
      'npm run demo -- --help',
    );
  }
  const size = values['sector-size'];
  if (size !== '2KiB' && size !== '8MiB') {
    throw new SetupError(`--sector-size ${size} is neither 2KiB nor 8MiB`, 'npm run demo -- --help');
  }
  // npm changes into the work tree; the file is meant from where the user stands.
  const file = values.file && resolve(process.env.INIT_CWD ?? '.', values.file);
  if (file && !values.stop && !values.help) checkDemoFile(file, size);
  return {
    sectors,
    sectorSize: size,
    file,
    devices,
    faults: !values['no-faults'],
    keep: values.keep,
    stop: values.stop,
    help: values.help,
  };
}

function parse() {
  try {
    return parseArgs({
      options: {
        sectors: { type: 'string', default: '2' },
        'sector-size': { type: 'string', default: '2KiB' },
        file: { type: 'string' },
        devices: { type: 'string' },
        'no-faults': { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        stop: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new SetupError(error instanceof Error ? error.message : String(error), 'npm run demo -- --help');
  }
}

async function stopKept() {
  const kept = listRuns().filter((run) => run.kind === 'demo' && run.kept);
  for (const run of kept) await stopRun(run);
  process.stdout.write(
    kept.length > 0 ? `stopped ${kept.map((run) => run.id).join(', ')}\n` : 'no demo is running\n',
  );
}
