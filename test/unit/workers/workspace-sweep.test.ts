import { expect, test } from 'vitest';
import { isLeftOver } from '../../../workers/workspace-sweep.ts';

const sector = { state: 'PreCommit1' as const, worker: 'host-b', cleared_at: null };
const here = { worker: 'host-a', running: false, hasReplica: false };

test.each([
  ['AddPiece ended elsewhere', sector, here, true],
  ['a sector of this worker', { ...sector, worker: 'host-a' }, here, false],
  ['a run of it goes on here', sector, { ...here, running: true }, false],
  ['it holds a replica, though the sector is elsewhere now', sector, { ...here, hasReplica: true }, false],
  [
    'it holds a replica, and the worker that took the sector over has sealed it too',
    { ...sector, state: 'WaitSeed' as const },
    { ...here, hasReplica: true },
    true,
  ],
  [
    'it holds the replica of a sector that is to be sealed elsewhere and is not yet',
    { ...sector, state: 'AddPiece' as const, worker: null },
    { ...here, hasReplica: true },
    false,
  ],
  ['nobody holds the sector yet', { ...sector, worker: null }, here, false],
  [
    'cleared and on storage',
    { ...sector, worker: null, cleared_at: new Date() },
    { ...here, hasReplica: true },
    true,
  ],
  ['removed', { ...sector, state: 'Removed' as const, worker: null }, { ...here, hasReplica: true }, true],
  ['unknown to this database', undefined, here, false],
])('%s', (_what, row, place, leftOver) => {
  expect(isLeftOver(row, place)).toBe(leftOver);
});
