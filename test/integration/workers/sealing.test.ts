import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unsealedCid } from '#codec';
import { insertPiece, listLandedFiles, listRunsOfSector } from '#db';
import { ResidentSealer } from '#sealer';
import { requestUnseal } from '#sector';
import { hashFile, Workspace } from '#storage';
import { waitFor } from '#testing';
import { createFleet, type Fleet, MINER, sealerBin } from './support/fleet.ts';

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

    await fleet.preCommit(id);
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

  test('seals pieces, and unseals each from the landed sector alone; removing deletes every file', async () => {
    const sealer = new ResidentSealer({ bin: sealerBin() }, join(fleet.folder, 'resident'));
    const pieces = await Promise.all(
      [500, 1_000].map(async (size, index) => {
        const path = join(fleet.folder, `piece-${index}`);
        await writeFile(path, randomBytes(size));
        const { result } = await sealer.request('piece-commitment', { path }, { id: `piece-${index}` });
        return { ...result, path, size };
      }),
    );
    await sealer.close();
    await fleet.set('sector.keep_unsealed', '*', 'false');
    await fleet.settings.refresh();
    const agent = await fleet.startAgent();
    const id = await fleet.addSector(3, '2KiB', async (trx, sector) => {
      for (const [index, piece] of pieces.entries()) {
        const pieceId = await insertPiece(trx, {
          cid: unsealedCid(Buffer.from(piece.comm_p, 'hex')),
          copy: 0,
          miner: MINER,
          raw_size: piece.size,
          padded_size: piece.padded_size,
          name: `piece ${index}`,
          format: 'file',
          path: piece.path,
          sha256: '',
        });
        // Each lies at the next multiple of its own padded size: 512 at 0, 1,024 at 1,024.
        await trx
          .updateTable('piece')
          .set({ ...sector, status: 'packed', sector_index: index, sector_offset: index * 1_024 })
          .where('id', '=', pieceId)
          .execute();
      }
    });
    await fleet.untilState(id, 'PreCommitBatching');
    await fleet.preCommit(id);
    await waitFor(async () => (await fleet.sector(id)).landed_at !== null, { what: 'the landing' });
    expect((await listLandedFiles(fleet.database.kysely, id, 'unsealed')).length).toBe(0);
    await fleet.apply(id, { type: 'commit2.done', proof: 'ab'.repeat(192) });
    await fleet.untilState(id, 'CommitBatching');

    for (const [index, piece] of pieces.entries()) {
      const out = join(fleet.folder, `unsealed-${index}`);
      const input = {
        out,
        offset: index * 1_016,
        size: piece.size,
        commP: piece.comm_p,
        paddedSize: piece.padded_size,
      };
      await requestUnseal({ db: fleet.database, bus: fleet.bus, settings: fleet.settings }, id, input);
      await waitFor(() => existsSync(out), { what: 'the unsealed piece' });
      expect(await readFile(out)).toEqual(await readFile(piece.path));
    }

    await fleet.apply(id, { type: 'park', code: 'INTERNAL', reason: 'to be removed' });
    await fleet.apply(id, { type: 'remove', force: true });
    await fleet.untilState(id, 'Removed');
    expect(
      readdirSync(join(fleet.folder, 'storage')).filter((name) => name.startsWith('s-t01000-3.')),
    ).toEqual([]);
    expect(await listLandedFiles(fleet.database.kysely, id)).toEqual([]);
    await agent.stop();
  });
});
