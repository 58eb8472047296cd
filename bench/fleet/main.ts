import { parseArgs } from 'node:util';
import { FLEET_NAMES, readFleet } from './fleet-files.ts';
import type { SimulationResult } from './simulate.ts';
import { renderSummaries, type Summary, summarise } from './summary.ts';
import type { Task } from './task.ts';
import { runAll } from './threads.ts';
import { renderTrace } from './trace.ts';

const HELP = `npm run bench:fleet [-- OPTION …]

Fleets of bench/fleets/ under a virtual clock, for ten days each, steadily and with hosts that fail, scheduled by the
production functions and by a model of Lotus' policy. docs/simulation.md explains the figures.

  --fleet NAME   this fleet only; may be given again (${FLEET_NAMES.join(', ')})
  --seed N       the first seed; replicas count on from it (1)
  --no-lotus     without the yardstick
  --json         figures as JSON
  --check        exit code 1 when a target is missed
  --trace        of one fleet: its sectors by state, hour by hour, with even turns and without
`;

const { values } = parseArgs({
  options: {
    fleet: { type: 'string', multiple: true },
    seed: { type: 'string', default: '1' },
    'no-lotus': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const seed = Number(values.seed);
const names = values.fleet ?? [...FLEET_NAMES];
const unknown = names.filter((name) => !FLEET_NAMES.some((known) => known === name));
if (values.help) process.stdout.write(HELP);
else if (unknown.length > 0 || !Number.isSafeInteger(seed) || seed < 0) {
  process.stderr.write(
    `${unknown.length > 0 ? `no such fleet: ${unknown.join(', ')}` : 'a seed is a whole number'}\n\n${HELP}`,
  );
  process.exitCode = 2;
} else if (values.trace) {
  for (const name of names)
    process.stdout.write(`${name}, seed ${seed}\n${renderTrace(name, seed, false)}\n`);
} else await bench();

async function bench(): Promise<void> {
  const cases = names.flatMap((name) => [false, true].map((failing) => ({ name, failing })));
  const seedsOf = (name: string) =>
    Array.from({ length: readFleet(name).replicas }, (_, replica) => seed + replica);
  const policies: readonly Task['policy'][] = values['no-lotus'] ? ['beepro'] : ['beepro', 'lotus'];
  const tasks = cases.flatMap(({ name, failing }) =>
    policies.flatMap((policy) =>
      seedsOf(name).map((replica): Task => ({ fleet: name, failing, policy, seed: replica })),
    ),
  );
  const began = performance.now();
  const results = new Map<string, SimulationResult>();
  // The long ones first, so that no core idles at the end.
  const longFirst = tasks.toSorted((a, b) => hostsOf(b.fleet) - hostsOf(a.fleet));
  await runAll(longFirst, (task, result) => {
    results.set(keyOf(task), result);
    if (process.stderr.isTTY) process.stderr.write(`\r${results.size} of ${tasks.length} simulations `);
  });
  if (process.stderr.isTTY) process.stderr.write('\r');
  const summaries = cases.map(({ name, failing }): Summary => {
    const of = (policy: Task['policy']) =>
      seedsOf(name).flatMap(
        (replica) => results.get(keyOf({ fleet: name, failing, policy, seed: replica })) ?? [],
      );
    return summarise(readFleet(name), failing, seedsOf(name), of('beepro'), of('lotus'));
  });
  const tookS = Math.round((performance.now() - began) / 1000);
  const missed = summaries.flatMap((one) => one.missed.map((what) => `${one.fleet}: ${what}`));
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, tookS, summaries, missed })}\n`);
  else
    process.stdout.write(
      `${renderSummaries(summaries)}\n\n${tasks.length} simulations, first seed ${seed}, ${tookS} s\n`,
    );
  if (values.check && missed.length > 0) process.exitCode = 1;
}

function keyOf({ fleet, failing, policy, seed: replica }: Task): string {
  return `${fleet} ${failing} ${policy} ${replica}`;
}

function hostsOf(name: string): number {
  return readFleet(name).classes.reduce((sum, { count }) => sum + count, 0);
}
