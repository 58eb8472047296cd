import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Phase } from '#core';
import { listRunsOfSector } from '#db';
import { waitFor } from '#testing';
import { freeze, outageOfBoth, restart, roleEnvOf } from './support/attacks.ts';
import { sealUnderFire, type UnderFire, WORKER } from './support/sealing-under-fire.ts';

/**
 * Bad luck at a known moment, each with all roles as processes, a chain that verifies every proof, and the audit at the
 * end: every sector `Proving`, no phase result accepted twice.
 */

const HOUR = 3_600;
const NONE = { miner: 0, number: 0 };
const WORKER_ROLE = `worker ${WORKER}`;

/** Waits until some sector has a run of the phase in one of the statuses. */
async function until(
  fire: UnderFire,
  phase: Phase,
  ...statuses: ('queued' | 'running' | 'done')[]
): Promise<void> {
  const look = async () => {
    const runs = await Promise.all(
      fire.sectors.map((id) => listRunsOfSector(fire.modules.db.kysely, id, statuses)),
    );
    return runs.flat().some((run) => run.phase === phase);
  };
  await waitFor(look, {
    deadlineMs: 120_000,
    intervalMs: 5,
    what: `${phase} to be ${statuses.join(' or ')}`,
  });
}

describe.concurrent('a clock that is off', () => {
  test.each([
    [WORKER_ROLE, 240 * HOUR],
    [WORKER_ROLE, -9_000 * HOUR],
    ['sealing', 240 * HOUR],
    ['sealing', -9_000 * HOUR],
  ])('that of %s by %i s', async (role, seconds) => {
    // Its own log says what time it is there.
    const verify = async ({ installation }: UnderFire) => {
      const [line = ''] = readFileSync(installation.role(role).logFile, 'utf8').split('\n', 1);
      const off = Date.parse(JSON.parse(line).time) - Date.now();
      expect(Math.abs(off - seconds * 1_000)).toBeLessThan(HOUR * 1_000);
    };
    const roleEnv = await roleEnvOf({ clock: { role, seconds } });
    await sealUnderFire({ sectors: 1, roleEnv, verify }, async () => {});
  });
});

describe.concurrent('Redis', () => {
  test('restarted while a phase runs and another waits', async () => {
    await sealUnderFire({ sectors: 1 }, async (fire) => {
      await until(fire, 'precommit1', 'running', 'done');
      await restart('redis', 2_000).strike(fire);
    });
  });

  test('flushed at every phase', async () => {
    await sealUnderFire({ sectors: 1 }, async (fire) => {
      for (const phase of [
        'add-piece',
        'precommit1',
        'precommit2',
        'commit1',
        'commit2',
        'clear-cache',
      ] as const) {
        await until(fire, phase, 'queued', 'running', 'done');
        await fire.flush();
      }
    });
  });

  test('failed over: what it had acknowledged is lost, jobs and locks', async () => {
    await sealUnderFire({ sectors: 1 }, async (fire) => {
      await until(fire, 'add-piece', 'running', 'done');
      await fire.servers.failOverRedis(() => until(fire, 'precommit2', 'done'));
      await until(fire, 'commit1', 'queued', 'running', 'done');
      await fire.servers.failOverRedis(() => sleep(1_000));
    });
  });
});

describe.concurrent('MySQL', () => {
  test('restarted in the middle of claims and acceptances', async () => {
    await sealUnderFire({ sectors: 1 }, async (fire) => {
      for (const phase of ['add-piece', 'precommit1', 'precommit2', 'commit1', 'landing'] as const) {
        await until(fire, phase, 'running', 'done');
        await restart('mariadb', 0).strike(fire);
      }
    });
  });

  test('away longer than a claim lasts without a heartbeat: nobody’s work counts as a crash', async () => {
    const verify = async ({ modules, sectors }: UnderFire) => {
      const runs = await Promise.all(sectors.map((id) => listRunsOfSector(modules.db.kysely, id)));
      expect(runs.flat().filter(({ crashes }) => crashes > 0)).toEqual([]);
    };
    await sealUnderFire({ sectors: 1, verify }, async (fire) => {
      await until(fire, 'add-piece', 'done');
      // What computes is held, so that the outage falls into a run that its agent has renewed before.
      await waitFor(
        async () => {
          fire.installation.signalSealers('SIGSTOP');
          const runs = await listRunsOfSector(fire.modules.db.kysely, fire.sectors[0] ?? NONE, ['running']);
          return runs.some((run) => Number(run.heartbeat_at) - Number(run.claimed_at) > 500);
        },
        { deadlineMs: 60_000, what: 'a run that is renewed' },
      );
      await restart('mariadb', 8_000).strike(fire);
      fire.installation.signalSealers('SIGCONT');
    });
  });

  test('away together with Redis, and the worker killed and started meanwhile', async () => {
    await sealUnderFire({ sectors: 1 }, async (fire) => {
      await until(fire, 'precommit1', 'running', 'done');
      await outageOfBoth(fire, 8_000);
    });
  });
});

describe.concurrent('a host', () => {
  test('whose agent stands still beyond its locks', async () => {
    await sealUnderFire({ sectors: 1 }, async (fire) => {
      await until(fire, 'precommit1', 'running', 'done');
      await freeze(WORKER_ROLE, 9_000).strike(fire);
    });
  });

  test('whose sealers are killed', async () => {
    await sealUnderFire({ sectors: 1 }, async (fire) => {
      for (const phase of ['precommit1', 'precommit2', 'commit1'] as const) {
        await until(fire, phase, 'running', 'done');
        fire.installation.killSealers();
      }
    });
  });

  test('whose disk is full for a while (as root: it is a disk of its own)', async () => {
    await sealUnderFire({ sectors: 1 }, async (fire) => {
      await until(fire, 'add-piece', 'running', 'done');
      const empty = await fire.disk?.fill();
      await sleep(5_000);
      await empty?.();
    });
  });
});
