/**
 * Seals two sectors a run while things go wrong at random moments, and audits the end of each by SQL and chain.
 *
 *   npm run chaos -- [--runs N] [--seed N]
 *
 * The seed is printed, and `--runs 1 --seed S` repeats the run that was printed with S.
 */
import { parseArgs } from 'node:util';
import { carryOut, describePlan, drawPlan, roleEnvOf } from './support/attacks.ts';
import { Random } from './support/random.ts';
import { sealUnderFire } from './support/sealing-under-fire.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

const SECTORS = 2;
/** Two proofs of 100 CPU-seconds on a busy machine. */
const FIRST_WITHIN_MS = 20 * 60_000;

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const started = performance.now();
let failed = 0;
// The runs' sectors are always the same: once their proofs are in the memo, a run takes seconds, on any machine.
say('a calm run first, which makes the proofs if this machine has none of them yet');
await sealUnderFire({ sectors: SECTORS, withinMs: FIRST_WITHIN_MS, say }, async () => undefined);
say(`  all Proving, ${seconds(started)} s`);
for (let run = 0; run < Number(values.runs); run += 1) {
  const seed = Number(values.seed) + run;
  const plan = drawPlan(new Random(seed));
  const begun = performance.now();
  say(`run ${run + 1} of ${values.runs}, seed ${seed}: ${describePlan(plan)}`);
  try {
    const options = {
      sectors: SECTORS,
      onceEnv: { BEEPRO_KILL_AT: plan.killAt },
      roleEnv: await roleEnvOf(plan),
      say,
    };
    await sealUnderFire(options, (fire) => carryOut(plan, fire, say));
    say(`  all Proving, nothing done twice, ${seconds(begun)} s`);
  } catch (error) {
    failed += 1;
    say(`  FAILED after ${seconds(begun)} s: ${error instanceof Error ? error.message : String(error)}`);
  }
}
say(`${Number(values.runs) - failed} passed, ${failed} failed`);
say(`took ${seconds(started)} s; the first seed was ${values.seed}`);
process.exitCode = failed === 0 ? 0 : 1;

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(0);
}
