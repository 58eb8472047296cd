import { test } from 'vitest';
import { KILL_POINTS, type KillPoint } from '#core';
import { sealUnderFire, WORKER } from './support/sealing-under-fire.ts';

const REACHED_WITHIN_MS = 120_000;

/**
 * At each named point the process that passes it dies by SIGKILL, and Redis loses everything it held. It is started
 * again, and the sector still ends `Proving`, with nothing done twice.
 */
const POINTS: readonly string[] = [
  ...KILL_POINTS,
  ...everyPhase('claim.after-commit'),
  ...everyPhase('accept.before-commit'),
  ...everyPhase('accept.after-commit'),
];

test.concurrent.each(POINTS)(
  'killed at %s, and Redis flushed: the sector still ends Proving',
  async (point) => {
    await sealUnderFire(
      { sectors: 1, onceEnv: { BEEPRO_KILL_AT: point } },
      async ({ installation, flush }) => {
        const deaths = ['sealing', `worker ${WORKER}`].map((name) => installation.role(name).nextDeath());
        const how = await Promise.race([...deaths, late(point)]);
        if (how !== 'SIGKILL') throw new Error(`the process ended with ${how} before ${point} was reached`);
        await flush();
      },
    );
  },
);

/** A CC sector passes these points once a phase: AddPiece is the point itself, here are PC1 to the clearing. */
function everyPhase(point: KillPoint): string[] {
  return Array.from({ length: 6 }, (_, i) => `${point}#${i + 2}`);
}

function late(point: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(
      () => reject(new Error(`${point} was not reached within ${REACHED_WITHIN_MS} ms`)),
      REACHED_WITHIN_MS,
    ).unref();
  });
}
