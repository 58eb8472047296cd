import { expect, test } from 'vitest';
import type { Phase } from '#core';
import type { PhaseRunRow } from '#db';
import { sideBySide } from '../../../src/cli/demo/side-by-side.ts';

function run(number: number, phase: Phase, device: string | null, from: number, to: number): PhaseRunRow {
  const row = { miner: 1000, number, phase, status: 'done', progress: device === null ? null : { device } };
  return { ...row, started_at: new Date(from), answered_at: new Date(to) } as unknown as PhaseRunRow;
}

test('pairs that two devices computed at one time are told, with how long', () => {
  const runs = [
    run(1, 'precommit2', 'cpu:1', 150, 160),
    run(0, 'commit2', 'cpu:0', 100, 200),
    run(0, 'precommit2', 'cpu:0', 50, 60),
    run(1, 'precommit1', null, 100, 200),
    run(2, 'commit2', 'cpu:1', 190, 300),
    run(3, 'commit2', 'cpu:0', 195, 250),
  ];
  expect(sideBySide(runs)).toEqual([
    { first: 'C2 of s-t01000-0 on cpu:0', second: 'PC2 of s-t01000-1 on cpu:1', ms: 10 },
    { first: 'C2 of s-t01000-0 on cpu:0', second: 'C2 of s-t01000-2 on cpu:1', ms: 10 },
    { first: 'C2 of s-t01000-2 on cpu:1', second: 'C2 of s-t01000-3 on cpu:0', ms: 55 },
  ]);
});
