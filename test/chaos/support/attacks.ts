import { setTimeout as sleep } from 'node:timers/promises';
import { KILL_POINTS } from '#core';
import { clockEnv, ensureFaketime } from '../../../scripts/setup/faketime.mjs';
import type { Random } from './random.ts';
import { type UnderFire, WORKER } from './sealing-under-fire.ts';

/** One thing that goes wrong at a moment of a run; `describe` is printed, so that a seed tells its story. */
interface Attack {
  readonly afterMs: number;
  readonly describe: string;
  readonly strike: (fire: UnderFire) => Promise<void>;
}

/** A role whose wall clock is off for the whole run. */
interface WrongClock {
  readonly role: string;
  /** Ahead; behind when negative. */
  readonly seconds: number;
}

export interface Plan {
  /** Both roles start armed with it. */
  readonly killAt: string;
  readonly clock: WrongClock | undefined;
  readonly attacks: readonly Attack[];
}

const WORKER_ROLE = `worker ${WORKER}`;
const ROLES = ['sealing', WORKER_ROLE, 'chain'] as const;
/** Attacks fall within this time from the pledge, in ms: about the length of an undisturbed run. */
const WINDOW_MS = 12_000;
/** The lease lasts 2 s and a claim 4 s without a heartbeat. */
const BEYOND_LOCKS_MS = 5_000;

/** What happens in one run, drawn from its seed alone. */
export function drawPlan(random: Random): Plan {
  const point = random.pick(KILL_POINTS);
  const killAt = `${point}#${random.between(1, 3)}`;
  const clock = random.between(1, 3) === 1 ? drawClock(random) : undefined;
  const attacks = Array.from({ length: random.between(1, 4) }, () => drawAttack(random));
  return { killAt, clock, attacks: attacks.toSorted((a, b) => a.afterMs - b.afterMs) };
}

export function describePlan({ killAt, clock }: Plan): string {
  const wrong = clock ? `, the clock of ${clock.role} ${clock.seconds} s off` : '';
  return `killed at ${killAt}${wrong}`;
}

/** The environment of the roles for {@link Plan.clock}. */
export async function roleEnvOf({ clock }: Pick<Plan, 'clock'>): Promise<Record<string, NodeJS.ProcessEnv>> {
  if (!clock) return {};
  return { [clock.role]: clockEnv(await ensureFaketime(), clock.seconds) };
}

export async function carryOut(plan: Plan, fire: UnderFire, say: (text: string) => void): Promise<void> {
  const start = performance.now();
  for (const attack of plan.attacks) {
    await sleep(Math.max(0, attack.afterMs - (performance.now() - start)));
    say(`  ${(attack.afterMs / 1000).toFixed(1)} s: ${attack.describe}`);
    await attack.strike(fire);
  }
}

function drawClock(random: Random): WrongClock {
  const role = random.pick(['sealing', WORKER_ROLE] as const);
  const seconds = random.pick([3_600, 86_400, 31_536_000]) * random.pick([1, -1]);
  return { role, seconds };
}

/** Each draws what it needs, and nothing else. */
const KINDS: readonly ((random: Random) => Omit<Attack, 'afterMs'>)[] = [
  (random) => {
    const role = random.pick(ROLES);
    return {
      describe: `kill -9 of ${role}`,
      strike: async ({ installation }) => installation.role(role).signal('SIGKILL'),
    };
  },
  () => ({ describe: 'FLUSHALL', strike: (fire) => fire.flush() }),
  (random) => {
    const role = random.pick(ROLES);
    return freeze(role, random.between(500, 4_000));
  },
  (random) => freeze(WORKER_ROLE, BEYOND_LOCKS_MS + random.between(0, 3_000)),
  (random) => restart('redis', random.between(0, 3_000)),
  (random) => restart('mariadb', random.between(0, 6_000)),
  (random) => {
    const ms = random.between(0, 2_000);
    return {
      describe: `Redis fails over, and loses what it acknowledged for ${ms} ms`,
      strike: ({ servers }) => servers.failOverRedis(() => sleep(ms)),
    };
  },
  () => ({
    describe: 'kill -9 of every sealer',
    strike: async ({ installation }) => installation.killSealers(),
  }),
  (random) => {
    const draw = random.next();
    return {
      describe: 'kill -9 of one sealer',
      strike: async ({ installation }) => installation.killSealer(draw),
    };
  },
  (random) => {
    const ms = random.between(500, 5_000);
    return {
      describe: `the workspace’s disk is full for ${ms} ms`,
      strike: async ({ disk }) => {
        // Mounting needs root: elsewhere the disk stays as large as it is.
        const empty = await disk?.fill();
        await sleep(ms);
        await empty?.();
      },
    };
  },
  (random) => {
    const ms = random.between(500, 8_000);
    return {
      describe: `Redis and MariaDB are away for ${ms} ms, and the worker is killed meanwhile`,
      strike: (fire) => outageOfBoth(fire, ms),
    };
  },
];

function drawAttack(random: Random): Attack {
  const afterMs = random.between(0, WINDOW_MS);
  return { afterMs, ...random.pick(KINDS)(random) };
}

export function freeze(role: string, ms: number): Omit<Attack, 'afterMs'> {
  return {
    describe: `${role} is frozen for ${ms} ms`,
    strike: async ({ installation }) => {
      const process = installation.role(role);
      process.signal('SIGSTOP');
      await sleep(ms);
      process.signal('SIGCONT');
    },
  };
}

export function restart(what: 'redis' | 'mariadb', awayMs: number): Omit<Attack, 'afterMs'> {
  return {
    describe: `kill -9 of ${what}, and a new start after ${awayMs} ms`,
    strike: async ({ servers }) => {
      await servers.kill(what);
      await sleep(awayMs);
      await servers.start(what);
    },
  };
}

export async function outageOfBoth({ servers, installation }: UnderFire, ms: number): Promise<void> {
  await servers.kill('mariadb');
  await servers.kill('redis');
  installation.role(WORKER_ROLE).signal('SIGKILL');
  await sleep(ms);
  await servers.start('redis');
  await servers.start('mariadb');
}
