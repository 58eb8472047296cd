import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KillPoint } from '#core';
import { findRun, listLandedFiles, listRunsOfSector } from '#db';
import { isAlive } from '#sealer';
import { hashFile } from '#storage';
import { waitFor } from '#testing';
import { createFleet, type Fleet } from './support/fleet.ts';
import { HostFiles, publishLeft, untilComputing } from './support/host-files.ts';
import { spawnAgent } from './support/spawn-agent.ts';

let fleet: Fleet;
let number = 0;

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.openLimits();
});
afterAll(() => fleet.close());

describe('an agent killed at', () => {
  const points: readonly KillPoint[] = [
    'claim.before-commit',
    'claim.after-commit',
    'run.intent-journalled',
    'run.sealer-spawned',
    'run.sealer-requested',
    'run.result-journalled',
    'transition.before-commit',
    'accept.before-commit',
    'accept.after-commit',
    'transition.after-commit',
    'outbox.before-publish',
    'outbox.after-publish',
    'outbox.marked',
    'accept.published',
    'accept.completed',
  ];
  // The second passing is in PC1 or later: AddPiece is behind, and the sector has files.
  test.each(points)(
    '%s leaves a sector that the next agent seals, each phase once',
    async (point) => {
      number += 1;
      const id = await fleet.addSector(number);
      const killed = await spawnAgent(fleet, { BEEPRO_KILL_AT: `${point}#2` });
      expect(await killed.ended).toBe('SIGKILL');
      const next = await spawnAgent(fleet);
      // Publishing what the dead agent had committed is the sealing role's: done here as it would.
      await publishLeft(fleet);
      await fleet.untilState(id, 'PreCommitBatching');
      const done = await listRunsOfSector(fleet.database.kysely, id, ['done']);
      expect(done.map((run) => run.phase)).toEqual(['add-piece', 'precommit1', 'precommit2']);
      const failed = await listRunsOfSector(fleet.database.kysely, id, ['failed', 'superseded']);
      expect(failed.map((run) => `${run.phase} ${run.error_code}`)).toEqual([]);
      await waitFor(() => readdirSync(join(fleet.folder, 'state', 'host-a', 'runs')).length === 0, {
        what: 'an empty journal',
      });
      await next.kill('SIGTERM');
    },
    60_000,
  );
});

describe('an agent killed while it lands a sector, at', () => {
  test.each<KillPoint>(['landing.copied', 'landing.verified', 'landing.recorded'])(
    '%s leaves one verified landing, and it is the recorded one',
    async (point) => {
      number += 1;
      const id = await fleet.addSector(number);
      const killed = await spawnAgent(fleet, { BEEPRO_KILL_AT: point });
      await fleet.untilState(id, 'PreCommitBatching');
      await fleet.preCommit(id);
      expect(await killed.ended).toBe('SIGKILL');
      const next = await spawnAgent(fleet);
      await publishLeft(fleet);
      await waitFor(async () => (await fleet.sector(id)).landed_at !== null, { what: 'the landing' });
      await waitFor(() => readdirSync(join(fleet.folder, 'state', 'host-a', 'runs')).length === 0, {
        what: 'an empty journal',
      });
      const files = await listLandedFiles(fleet.database.kysely, id);
      const stored = readdirSync(join(fleet.folder, 'storage')).filter((name) =>
        name.startsWith(`s-t01000-${number}.`),
      );
      expect(stored).toEqual([...new Set(files.map((file) => file.path.split('/')[0]))]);
      for (const file of files) {
        const copy = await hashFile(join(fleet.folder, 'storage', file.path));
        expect(copy).toEqual({ size: file.size, sha256: file.sha256 });
      }
      const runs = await listRunsOfSector(fleet.database.kysely, id);
      expect(runs.filter((run) => run.phase === 'landing').map((run) => run.status)).toEqual(['done']);
      await next.kill('SIGTERM');
    },
    60_000,
  );
});

test('a PC1 goes on while its agent is dead, and the next agent takes it over with the same claim', async () => {
  await fleet.set('worker.limit.precommit2', '*', '0');
  const killed = await spawnAgent(fleet);
  number += 1;
  const id = await fleet.addSector(number, '8MiB');
  const files = new HostFiles(join(fleet.folder, 'state', 'host-a'));
  const { run, sealer } = await untilComputing(fleet.database.kysely, files, id, 'precommit1', 'pc1');
  await killed.kill('SIGKILL');
  expect(isAlive(sealer.identity)).toBe(true);

  const next = await spawnAgent(fleet);
  await fleet.untilState(id, 'PreCommit2');
  const ended = await findRun(fleet.database.kysely, run.id);
  expect(ended).toMatchObject({ status: 'done', claim: run.claim, crashes: 0 });
  expect(files.isUnchanged(sealer)).toBe(true);
  expect(ended?.host_epoch).toBeGreaterThan(run.host_epoch ?? 0);
  await next.kill('SIGTERM');
}, 60_000);
