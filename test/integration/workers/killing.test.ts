import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KillPoint } from '#core';
import { findRun, listLandedFiles, listRunsOfSector, listUnpublished } from '#db';
import { isAlive, type ProcessIdentity } from '#sealer';
import { publishJobs } from '#sector';
import { hashFile } from '#storage';
import { waitFor } from '#testing';
import { createFleet, type Fleet } from './support/fleet.ts';
import { spawnAgent } from './support/spawn-agent.ts';

let fleet: Fleet;
let number = 0;

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.openLimits();
});
afterAll(() => fleet.close());

/** The sealer that the journal of a run names. */
function sealerOf(runId: number): { name: string; identity: ProcessIdentity } | undefined {
  const state = join(fleet.folder, 'state', 'host-a');
  const intent = join(state, 'runs', String(runId), 'run.json');
  if (!existsSync(intent)) return undefined;
  const name = JSON.parse(readFileSync(intent, 'utf8')).sealer as string;
  const record = join(state, 'sealers', name, 'sealer.json');
  return existsSync(record) ? { name, identity: JSON.parse(readFileSync(record, 'utf8')) } : undefined;
}

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
      await publishLeft();
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
      await publishLeft();
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
  const run = await waitFor(
    async () => {
      const runs = await listRunsOfSector(fleet.database.kysely, id, ['running']);
      return runs.find((one) => one.phase === 'precommit1' && sealerRequested(one.id));
    },
    { deadlineMs: 20_000, what: 'PC1 to run' },
  );
  const sealer = sealerOf(run.id);
  await killed.kill('SIGKILL');
  expect(sealer && isAlive(sealer.identity)).toBe(true);

  const next = await spawnAgent(fleet);
  await fleet.untilState(id, 'PreCommit2');
  const ended = await findRun(fleet.database.kysely, run.id);
  expect(ended).toMatchObject({ status: 'done', claim: run.claim, crashes: 0 });
  expect(sealerNamed(sealer?.name)).toEqual(sealer?.identity);
  expect(ended?.host_epoch).toBeGreaterThan(run.host_epoch ?? 0);
  await next.kill('SIGTERM');
}, 60_000);

/** The process that has this name among the sealers now. */
function sealerNamed(name = ''): ProcessIdentity {
  return JSON.parse(
    readFileSync(join(fleet.folder, 'state', 'host-a', 'sealers', name, 'sealer.json'), 'utf8'),
  );
}

/** True once the sealer has journalled the request of the run. */
function sealerRequested(runId: number): boolean {
  const sealer = sealerOf(runId);
  if (!sealer) return false;
  const journal = join(fleet.folder, 'state', 'host-a', 'sealers', sealer.name, 'state');
  return existsSync(journal) && readdirSync(journal).some((file) => file === `r${runId}.pc1.request.json`);
}

async function publishLeft(): Promise<void> {
  const left = await listUnpublished(fleet.database.kysely, { limit: 100 });
  const jobs = left
    .filter((entry) => entry.run_status === 'queued')
    .map((entry) => ({
      outboxId: entry.id,
      runId: entry.run_id,
      queue: entry.queue,
      jobId: entry.job_id,
      priority: entry.priority,
    }));
  await publishJobs(fleet.database.kysely, fleet.bus, jobs);
}
