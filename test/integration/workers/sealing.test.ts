import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listLandedFiles, listRunsOfSector } from '#db';
import { hashFile, Workspace } from '#storage';
import { waitFor } from '#testing';
import { createFleet, type Fleet } from './support/fleet.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await createFleet();
});
afterAll(() => fleet.close());

describe('a worker', () => {
  test('with no limits takes nothing, says why, and begins within 2 s of a limit set by plain SQL', async () => {
    const agent = await fleet.startAgent();
    const id = await fleet.addSector(1);
    const choice = await waitFor(() => agent.choice);
    expect(choice.candidates).toEqual([]);
    expect(choice.refusals).toContainEqual({
      phase: 'add-piece',
      code: 'no-limit',
      reason: 'its limit for add-piece is 0',
    });
    expect((await fleet.sector(id)).state).toBe('AddPiece');
    expect(await listRunsOfSector(fleet.database.kysely, id, ['running', 'done'])).toEqual([]);

    await fleet.set('worker.limit.add-piece', 'worker:host-a', '1');
    await waitFor(async () => (await fleet.sector(id)).state === 'PreCommit1', { deadlineMs: 2_000 });
    await agent.stop();
  });

  test('seals a 2 KiB sector up to the landing, clears it, and each phase is accepted once', async () => {
    await fleet.openLimits();
    const agent = await fleet.startAgent();
    const workspace = new Workspace(join(fleet.folder, 'work', 'host-a'));
    const id = await fleet.addSector(2);
    const sealed = await fleet.untilState(id, 'PreCommitBatching');
    expect(sealed.worker).toBe('host-a');
    expect(sealed.ticket_epoch).toBe(4_100);
    expect(sealed.comm_r).toMatch(/^[0-9a-f]{64}$/);

    await fleet.apply(id, { type: 'precommit-assigned', message: 1 });
    await fleet.apply(id, { type: 'precommit-bound' });
    await fleet.apply(id, { type: 'precommit-landed', precommitEpoch: 4_900, commR: sealed.comm_r ?? '' });
    const seed = '11'.repeat(32);
    await fleet.apply(id, { type: 'seed-ready', seed, seedEpoch: 4_950, precommitEpoch: 4_900 });
    await fleet.untilState(id, 'Commit2');
    await waitFor(async () => (await fleet.sector(id)).landed_at !== null, { what: 'the landing' });

    const files = await listLandedFiles(fleet.database.kysely, id);
    expect(files.map((file) => file.kind).toSorted()).toEqual(['cache', 'cache', 'cache', 'sealed']);
    for (const file of files) {
      const copy = await hashFile(join(fleet.folder, 'storage', file.path));
      expect(copy).toEqual({ size: file.size, sha256: file.sha256 });
    }
    expect(existsSync(workspace.file(id, 'sealed'))).toBe(true);

    await fleet.apply(id, { type: 'commit2.done', proof: 'ab'.repeat(192) });
    await fleet.untilState(id, 'CommitBatching');
    expect(existsSync(workspace.dir(id))).toBe(false);
    expect((await fleet.sector(id)).worker).toBeNull();

    const runs = await listRunsOfSector(fleet.database.kysely, id, ['done']);
    expect(runs.map((run) => run.phase).toSorted()).toEqual(
      ['add-piece', 'clear-cache', 'commit1', 'landing', 'precommit1', 'precommit2'].toSorted(),
    );
    for (const run of runs) {
      expect(run.started_at).not.toBeNull();
      expect(run.answered_at).not.toBeNull();
    }
    await agent.stop();
  });
});
