/**
 * Seals two sectors a run while things go wrong at random moments, and audits the end of each by SQL and chain. Then
 * twenty sectors a run over a chain of three nodes, each of which is killed, stands still, lags, lies and dies with its
 * answer at random moments.
 *
 *   npm run chaos -- [--runs N] [--node-runs N] [--node-sectors N] [--seed N]
 *
 * The seed is printed: `--runs 1 --node-runs 0 --seed S` repeats the run that was printed with S, and
 * `--runs 0 --node-runs 1 --seed S` that over bad nodes, with the same number of sectors.
 */
import { parseArgs } from 'node:util';
import { carryOut, describePlan, drawPlan, roleEnvOf } from './support/attacks.ts';
import { sealOverBadNodes } from './support/chain-under-fire.ts';
import { carryOutStrikes, drawStrikes } from './support/node-strikes.ts';
import { Random } from './support/random.ts';
import { sealUnderFire } from './support/sealing-under-fire.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    'node-runs': { type: 'string', default: '2' },
    'node-sectors': { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const SECTORS = 2;
/** Proofs of 100 CPU-seconds each on a busy machine, the first time. */
const PROOF_MS = 3 * 60_000;
const LEAST_FIRST_MS = 20 * 60_000;
/** With the proofs in the memo; nodes that stand still cost their time-outs. */
const OVER_BAD_NODES_MS = 10 * 60_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const started = performance.now();
let passed = 0;
let failed = 0;

/** The runs' sectors are always the same: once their proofs are in the memo, a run takes seconds, on any machine. */
async function calmRun(sectors: number): Promise<void> {
  const begun = performance.now();
  say(`a calm run of ${sectors} first, which makes the proofs if this machine has none of them yet`);
  const withinMs = Math.max(LEAST_FIRST_MS, sectors * PROOF_MS);
  await sealUnderFire({ sectors, withinMs, say }, async () => undefined);
  say(`  all Proving, ${seconds(begun)} s`);
}

async function oneRun(title: string, run: () => Promise<void>): Promise<void> {
  const begun = performance.now();
  say(title);
  try {
    await run();
    passed += 1;
    say(`  all Proving, nothing done twice, ${seconds(begun)} s`);
  } catch (error) {
    failed += 1;
    say(`  FAILED after ${seconds(begun)} s: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const runs = Number(values.runs);
if (runs > 0) await calmRun(SECTORS);
for (let run = 0; run < runs; run += 1) {
  const seed = Number(values.seed) + run;
  const plan = drawPlan(new Random(seed));
  await oneRun(`run ${run + 1} of ${runs}, seed ${seed}: ${describePlan(plan)}`, async () => {
    const onceEnv = { BEEPRO_KILL_AT: plan.killAt };
    const options = { sectors: SECTORS, onceEnv, roleEnv: await roleEnvOf(plan), say };
    await sealUnderFire(options, (fire) => carryOut(plan, fire, say));
  });
}

const nodeRuns = Number(values['node-runs']);
const nodeSectors = Number(values['node-sectors']);
if (nodeRuns > 0) await calmRun(nodeSectors);
for (let run = 0; run < nodeRuns; run += 1) {
  const seed = Number(values.seed) + run;
  const strikes = drawStrikes(new Random(seed), nodeSectors);
  const title = `run ${run + 1} of ${nodeRuns} over bad nodes, seed ${seed}: ${strikes.length} strikes`;
  const options = { sectors: nodeSectors, withinMs: OVER_BAD_NODES_MS, say };
  await oneRun(title, () => sealOverBadNodes(options, (fire) => carryOutStrikes(strikes, fire, say)));
}

say(`${passed} passed, ${failed} failed`);
say(`took ${seconds(started)} s; the first seed was ${values.seed}`);
process.exitCode = failed === 0 ? 0 : 1;

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}
