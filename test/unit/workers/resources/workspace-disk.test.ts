import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { sealProof } from '#core';
import { createLogger } from '#log';
import { folderUse } from '#storage';
import { createTestFolder, type TestFolder } from '#testing';
import { scratchView, WorkspaceDisk } from '../../../../workers/resources/index.ts';

const log = createLogger({ role: 'test', level: 'silent', pretty: false });
const SPACE = { total: 100, free: 40 };

let folder: TestFolder;
beforeAll(async () => {
  folder = await createTestFolder();
});
afterAll(() => folder.remove());

describe('the workspace’s disk', () => {
  test('is measured for real, and sectors’ folders counted', async () => {
    const { mkdir, writeFile } = await import('node:fs/promises');
    await mkdir(join(folder.path, 's-t01000-1'));
    await writeFile(join(folder.path, 's-t01000-1', 'sealed'), Buffer.alloc(2 ** 20, 1));
    const disk = new WorkspaceDisk({ path: folder.path, log });
    const answer = await disk.look(true);
    expect('look' in answer && answer.look.space.total).toBeGreaterThan(2 ** 20);
    expect((await folderUse(folder.path)).get('s-t01000-1')).toBeGreaterThanOrEqual(2 ** 20);
    await vi.waitFor(async () => {
      const later = await disk.look(true);
      expect('look' in later && later.look.uses?.get('s-t01000-1')).toBeGreaterThanOrEqual(2 ** 20);
    });
  });

  test('many questions at once are one measurement', async () => {
    const measure = vi.fn(async () => SPACE);
    const disk = new WorkspaceDisk({ path: '/w', log, measure, count: async () => new Map() });
    await Promise.all(Array.from({ length: 50 }, () => disk.look(true)));
    expect(measure).toHaveBeenCalledTimes(1);
  });

  test('one that hangs holds nobody up: it is unknown, and nothing is asked of it twice', async () => {
    const measure = vi.fn(() => new Promise<typeof SPACE>(() => undefined));
    const disk = new WorkspaceDisk({ path: '/w', log, measure, count: () => new Promise(() => undefined) });
    vi.useFakeTimers();
    try {
      const first = disk.look(true);
      await vi.advanceTimersByTimeAsync(3_000);
      expect(await first).toEqual({ unknown: 'the workspace disk cannot be measured: it does not answer' });
      const second = disk.look(true);
      await vi.advanceTimersByTimeAsync(3_000);
      expect(await second).toHaveProperty('unknown');
      expect(measure).toHaveBeenCalledTimes(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test('one that hung and answers again is known again; what it said last counts for a while', async () => {
    const answers: (() => Promise<typeof SPACE>)[] = [
      async () => SPACE,
      () => Promise.reject(new Error('stale file handle')),
      async () => ({ total: 100, free: 5 }),
    ];
    const measure = async () => (answers.shift() ?? (async () => SPACE))();
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    try {
      const disk = new WorkspaceDisk({ path: '/w', log, measure, count: async () => new Map() });
      const look = async () => {
        const answer = disk.look(true);
        await vi.advanceTimersByTimeAsync(0);
        return answer;
      };
      expect(await look()).toMatchObject({ look: { space: SPACE } });
      await vi.advanceTimersByTimeAsync(2_500);
      expect(await look()).toMatchObject({ look: { space: SPACE } });
      await vi.advanceTimersByTimeAsync(40_000);
      answers.unshift(() => Promise.reject(new Error('stale file handle')));
      expect(await look()).toEqual({
        unknown: 'the workspace disk cannot be measured: stale file handle',
      });
      expect(await look()).toMatchObject({ look: { space: { free: 5 } } });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('room on it', () => {
  const proof = sealProof('8MiB', 'interactive');
  const sector = { miner: 1000, number: 1, state: 'PreCommit2', proof, kind: 'data' } as const;
  const base = { keepFree: 0, sectors: { held: [sector], offered: [proof] }, beginning: 0, override: {} };

  test('what a folder takes counts where it was counted; a sector without one has written nothing', () => {
    const look = (uses?: ReadonlyMap<string, number>) => ({ look: { space: SPACE, uses } });
    const byState = scratchView({ ...base, disk: look() });
    const counted = scratchView({ ...base, disk: look(new Map([['s-t01000-1', 1_000]])) });
    const absent = scratchView({ ...base, disk: look(new Map()) });
    expect(byState.growth).toBeLessThan(counted.growth);
    expect(absent.growth).toBe(counted.growth + 1_000);
    expect(byState).toMatchObject({ capacity: 100, free: 40, reserved: counted.reserved });
  });

  test('a disk that does not answer has no room, and says why', () => {
    expect(scratchView({ ...base, disk: { unknown: 'it hangs' } })).toMatchObject({
      capacity: 0,
      free: 0,
      unknown: 'it hangs',
    });
  });
});
