import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { listRunsOfSector } from '#db';
import { waitFor } from '#testing';
import type { HostAgent } from '#workers';
import { createFleet, type Fleet } from './support/fleet.ts';

let fleet: Fleet;
let agent: HostAgent | undefined;

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.openLimits();
  // A failed run is tried again at once: nobody here runs the sweeper, which would queue it when its pause is over.
  await fleet.set('sector.retry.backoff_percent', '*', '0');
  await fleet.settings.refresh();
});
afterEach(() => agent?.stop());
afterAll(() => fleet.close());

test.each([
  [1, 'is complete and its synthetic proofs are not made', 'crash@pre-commit-2:marked'],
  [2, 'has begun to drop the layers', 'crash@clear-cache:touched'],
  [3, 'has dropped the layers and is unreported', 'crash@clear-cache:computed'],
])(
  'sector %i: a sealer that dies when PC2 %s costs one try, and C1 needs no layers',
  async (number, _what, fault) => {
    const once = join(fleet.folder, `once-${number}`);
    await mkdir(once);
    const name = `host-${number}`;
    agent = await fleet.startAgent({ name }, { BEEPRO_SEALER_FAULT: fault, BEEPRO_SEALER_FAULT_ONCE: once });
    const id = await fleet.addSector(number, '2KiB', undefined, 'synthetic');
    await fleet.untilState(id, 'PreCommitBatching');
    const failed = await listRunsOfSector(fleet.database.kysely, id, ['failed']);
    expect(failed.map((run) => `${run.phase} ${run.error_code}`)).toEqual(['precommit2 SEALER_DIED']);
    const cache = join(fleet.folder, 'work', name, `s-t01000-${number}`, 'cache');
    const names = await readdir(cache);
    expect(names.filter((file) => file.includes('layer'))).toEqual([]);
    expect(names).toContain('syn-porep-vanilla-proofs.dat');

    await fleet.preCommit(id);
    await waitFor(async () => (await fleet.sector(id)).commit1_output, { deadlineMs: 30_000, what: 'C1' });
  },
);
