import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HostPipeline, roomBeforeBottleneck } from '#sched';

function pipeline(changes: Partial<HostPipeline> = {}): HostPipeline {
  return { limits: { precommit1: 12, precommit2: 1, commit2: 1 }, running: {}, waiting: {}, ...changes };
}

describe('room before the bottleneck', () => {
  test.each<[string, Partial<HostPipeline>, number, string]>([
    ['an empty host takes a set of PC1 and a small store', {}, 14, 'PC1'],
    ['one slot, one in store', { limits: { precommit1: 1 } }, 2, 'PC1'],
    ['PC1 is full, the store is empty', { running: { precommit1: 12 } }, 2, 'PC1'],
    [
      'what AddPiece makes is before PC1 already',
      { running: { precommit1: 12, 'add-piece': 1 }, waiting: { precommit1: 1 } },
      0,
      '14 sectors are in PC1 or before it, which takes 12 at once',
    ],
    ['a limit was lowered', { limits: { precommit1: 1 }, running: { precommit1: 12 } }, 0, '12 sectors are'],
    ['it runs no PC1', { limits: {} }, 0, 'its limit for PC1 is 0'],
    ['PC2 cannot follow', { waiting: { precommit2: 13 } }, 1, '13 wait for PC2'],
    ['PC2 has fallen far behind', { waiting: { precommit2: 40 } }, 0, '40 wait for PC2'],
    ['C2 cannot follow', { waiting: { commit1: 3, commit2: 25 } }, 0, '28 wait for C1 and C2'],
    ['sectors that wait for their seed are in nobody’s way', { waiting: { landing: 99 } }, 14, 'PC1'],
  ])('%s', (_why, changes, count, reason) => {
    const room = roomBeforeBottleneck(pipeline(changes));
    expect(room.count).toBe(count);
    expect(room.reason).toContain(reason);
  });

  test('a host whose PC1 slots are free and whose queues are empty always has room', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(200), (slots, running) => {
        const room = roomBeforeBottleneck({
          limits: { precommit1: slots },
          running: { precommit1: Math.min(running, slots) },
          waiting: {},
        });
        expect(room.count).toBeGreaterThan(0);
      }),
    );
  });
});
