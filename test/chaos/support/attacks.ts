import { setTimeout as sleep } from 'node:timers/promises';
import { KILL_POINTS } from '#core';
import type { Random } from './random.ts';
import { type UnderFire, WORKER } from './sealing-under-fire.ts';

/** One thing that goes wrong at a moment of a run; `describe` is printed, so that a seed tells its story. */
interface Attack {
  readonly afterMs: number;
  readonly describe: string;
  readonly strike: (fire: UnderFire) => Promise<void>;
}

export interface Plan {
  /** Both roles start armed with it. */
  readonly killAt: string;
  readonly attacks: readonly Attack[];
}

const ROLES = ['sealing', `worker ${WORKER}`, 'chain'] as const;
/** Attacks fall within this time from the pledge, in ms: about the length of an undisturbed run. */
const WINDOW_MS = 12_000;

/** What happens in one run, drawn from its seed alone. */
export function drawPlan(random: Random): Plan {
  const point = random.pick(KILL_POINTS);
  const killAt = `${point}#${random.between(1, 3)}`;
  const attacks = Array.from({ length: random.between(1, 4) }, () => drawAttack(random));
  return { killAt, attacks: attacks.toSorted((a, b) => a.afterMs - b.afterMs) };
}

export async function carryOut(plan: Plan, fire: UnderFire, say: (text: string) => void): Promise<void> {
  const start = performance.now();
  for (const attack of plan.attacks) {
    await sleep(Math.max(0, attack.afterMs - (performance.now() - start)));
    say(`  ${(attack.afterMs / 1000).toFixed(1)} s: ${attack.describe}`);
    await attack.strike(fire);
  }
}

function drawAttack(random: Random): Attack {
  const afterMs = random.between(0, WINDOW_MS);
  const role = random.pick(ROLES);
  const frozenMs = random.between(500, 6_000);
  switch (random.between(0, 5)) {
    case 0:
      return {
        afterMs,
        describe: `kill -9 of ${role}`,
        strike: async ({ installation }) => installation.role(role).signal('SIGKILL'),
      };
    case 1:
      return { afterMs, describe: 'FLUSHALL', strike: (fire) => fire.flush() };
    case 2:
      return {
        afterMs,
        describe: `${role} is frozen for ${frozenMs} ms`,
        strike: async ({ installation }) => {
          const process = installation.role(role);
          process.signal('SIGSTOP');
          await sleep(frozenMs);
          process.signal('SIGCONT');
        },
      };
    case 3:
      return {
        afterMs,
        describe: 'kill -9 of Redis, and a new start',
        strike: (fire) => restart(fire, 'redis'),
      };
    case 4:
      return {
        afterMs,
        describe: 'kill -9 of MariaDB, and a new start',
        strike: (fire) => restart(fire, 'mariadb'),
      };
    default:
      return {
        afterMs,
        describe: 'kill -9 of every sealer',
        strike: async ({ installation }) => installation.killSealers(),
      };
  }
}

async function restart({ servers }: UnderFire, what: 'redis' | 'mariadb'): Promise<void> {
  await servers.kill(what);
  await servers.start(what);
}
