import { mkdir, stat, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { BeeproError, type Phase } from '#core';
import { Workspace } from '#storage';
import { createTestFolder } from '#testing';
import { PHASE_HANDLERS, type PhaseContext } from '../../../workers/phases/index.ts';

/** Rows as a query builder answers them, whatever it was asked. */
function answering(rows: readonly unknown[]): unknown {
  const query: unknown = new Proxy(
    {},
    { get: (_, name) => (name === 'execute' ? () => Promise.resolve(rows) : () => query) },
  );
  return query;
}

/** All that is asked before the deletion says yes, and the claim is gone. */
function lostClaim(workspace: Workspace): PhaseContext {
  const sector = { proof: 'ab', landed_at: new Date(), precommit_epoch: 10, comm_r: 'rr' };
  const tables: Record<string, unknown> = {
    landed_file: answering([{ kind: 'sealed', storage_id: 1, path: 'landed', size: 3 }]),
    storage_path: answering([{ id: 1, path: workspace.root }]),
  };
  const context = {
    id: { miner: 1000, number: 1 },
    run: { id: 7, input: { wipe: true } },
    workspace,
    database: { kysely: { selectFrom: (table: string) => tables[table] } },
    settings: { confidence: () => 5 },
    chain: {
      preCommit: () => Promise.resolve({ epoch: 10, commR: 'rr', ticketEpoch: 1 }),
      head: () => Promise.resolve({ epoch: 100, key: [] }),
      blockMs: () => Promise.resolve(1),
    },
    sector: () => Promise.resolve(sector),
    requireClaim: () => Promise.reject(new BeeproError('SEALER_CANCELLED')),
  };
  return context as unknown as PhaseContext;
}

test.each<Phase>(['clear-cache', 'remove-files', 'precommit1'])(
  '%s destroys nothing for a claim that is no longer held',
  async (phase) => {
    const folder = await createTestFolder();
    const workspace = new Workspace(folder.path);
    const id = { miner: 1000, number: 1 };
    await workspace.prepare(id);
    await mkdir(workspace.file(id, 'cache'));
    await writeFile(workspace.file(id, 'sealed'), 'abc');
    await writeFile(`${folder.path}/landed`, 'abc');
    await expect(PHASE_HANDLERS[phase].run(lostClaim(workspace))).rejects.toMatchObject({
      code: 'SEALER_CANCELLED',
    });
    expect((await stat(workspace.file(id, 'sealed'))).size).toBe(3);
    await folder.remove();
  },
);
