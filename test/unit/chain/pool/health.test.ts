import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectedEpoch, type HeadSeen, judgeHeights } from '../../../../src/chain/rpc/pool/health.ts';

const RULES = { maxLag: 5, epochsPerMs: 1 / 30_000 };
const seen = (height: number, expected?: number, behind?: number, at = 0): HeadSeen => ({
  ...{ height, at, expected, behind },
});

describe('which nodes follow the chain', () => {
  const level = (lag = 0) => ({ state: 'level', lag });
  const lagging = (lag: number) => ({ state: 'lagging', lag });
  const ahead = { state: 'ahead', lag: 0 };
  test.each([
    ['nobody', [], [], undefined],
    ['one that agrees with the clock', [seen(100, 101)], [level()], undefined],
    ['one behind the others', [seen(100, 101), seen(90, 101)], [level(), lagging(10)], undefined],
    [
      'most behind, one with the clock',
      [seen(90, 100), seen(90, 100), seen(99, 100)],
      [lagging(9), lagging(9), level()],
      undefined,
    ],
    ['one ahead of clock and others', [seen(100, 100), seen(9_999, 100)], [level(), ahead], undefined],
    ['a little behind', [seen(100, 100), seen(95, 100)], [level(), level(5)], undefined],
    ['our clock wrong by an hour', [seen(100, 220), seen(101, 220)], [level(1), level()], -119],
    ['our clock slow', [seen(200, 100), seen(200, 100)], [level(), level()], 100],
    ['one alone, our clock wrong', [seen(100, 400, 0)], [level()], -300],
    ['one alone that says itself that it syncs', [seen(100, 400, 300)], [lagging(300)], undefined],
    ['no schedule, one behind', [seen(100), seen(80)], [level(), lagging(20)], undefined],
    [
      'no schedule, one liar of three',
      [seen(100), seen(101), seen(9_999)],
      [level(1), level(), ahead],
      undefined,
    ],
  ] as const)('%s', (_what, heads, nodes, clockOff) => {
    expect(judgeHeights(heads, RULES)).toEqual({ nodes, clockOff });
  });

  test('heads seen at different moments are held against each other as of the newest', () => {
    const heads = [seen(100, undefined, undefined, 0), seen(110, undefined, undefined, 300_000)];
    expect(judgeHeights(heads, RULES).nodes).toEqual([level(), level()]);
  });

  const heads = fc.array(
    fc.record({
      height: fc.nat(2_000),
      expected: fc.option(fc.nat(2_000), { nil: undefined }),
      behind: fc.option(fc.nat(2_000), { nil: undefined }),
      at: fc.constant(0),
    }),
    { minLength: 1, maxLength: 8 },
  );
  test('unless all say themselves that they are behind, somebody is level', () => {
    fc.assert(
      fc.property(heads, (all) => {
        const { nodes } = judgeHeights(all, RULES);
        const allSaySo = all.every(({ behind }) => (behind ?? 0) > RULES.maxLag);
        expect(nodes.some(({ state }) => state === 'level') || allSaySo).toBe(true);
      }),
    );
  });

  test('a head the clock agrees with is never put out, and none far from it stays in beside it', () => {
    fc.assert(
      fc.property(heads, fc.nat(2_000), (all, clock) => {
        const timed = all.map((head) => ({ ...head, expected: clock }));
        const { nodes } = judgeHeights(timed, RULES);
        const near = timed.map(({ height }) => Math.abs(height - clock) <= RULES.maxLag);
        if (!near.some(Boolean)) return;
        for (const [i, { state }] of nodes.entries())
          if (near[i]) expect(state).toBe('level');
          else if (Math.abs((timed[i]?.height ?? 0) - clock) > 2 * RULES.maxLag)
            expect(state).not.toBe('level');
      }),
    );
  });
});

test.each([
  [100, 1_000 + 3_000, 4_030_000, 101],
  [100, 1_000 + 3_000, 4_029_000, 100],
  [100, 1_000 + 3_000, 99_000_000, 3_266],
  [100, 9_000, 4_030_000, undefined],
])('the epoch by the clock: head %i of %i at %i', (height, timestamp, wallMs, epoch) => {
  const schedule = { genesisTimestamp: 1_000, blockDelay: 30 };
  expect(expectedEpoch(schedule, { height, timestamp }, wallMs)).toBe(epoch);
});
