import type { SectorState } from '#core';
import { readFleet, readProfiles } from './fleet-files.ts';
import { simulate } from './simulate.ts';

const HOUR_MS = 3_600_000;
/** What is drawn, one letter a sector. */
const LETTERS: readonly (readonly [string, string, readonly SectorState[]])[] = [
  ['1', 'AddPiece and PC1', ['AddPiece', 'PreCommit1']],
  ['2', 'PC2', ['PreCommit2']],
  ['.', 'waits for its seed', ['PreCommitBatching', 'PreCommitWait', 'WaitSeed']],
  ['C', 'C1 and C2', ['Commit1', 'Commit2', 'ClearCache']],
];
/** Fleets that hold more are drawn with one letter for several sectors. */
const WIDTH = 100;

/** Sectors with files on hosts by state, one line each hour of a day: with even turns, and without. */
export function renderTrace(name: string, seed: number, failing: boolean): string {
  const fleet = readFleet(name);
  const capacity = fleet.classes.reduce((sum, { count, maxSectors }) => sum + count * maxSectors, 0);
  const scale = Math.max(1, Math.ceil(capacity / WIDTH));
  const legend = LETTERS.map(([letter, meaning]) => `${letter} ${meaning}`).join(', ');
  const lines = [`${legend}${scale > 1 ? `; a letter is ${scale} sectors` : ''}`];
  for (const pace of [false, true]) {
    lines.push('', pace ? 'worker.pace true' : 'worker.pace false (finish first)');
    const { ratio } = simulate({
      fleet,
      profiles: readProfiles(),
      seed,
      failing,
      policy: 'beepro',
      pace,
      trace: {
        everyMs: HOUR_MS,
        on: (now, { states }) => {
          const hour = now / HOUR_MS;
          if (hour < 72 || hour > 96) return;
          const bar = LETTERS.map(([letter, , of]) => {
            const sectors = of.reduce((sum, state) => sum + (states[state] ?? 0), 0);
            return letter.repeat(Math.round(sectors / scale));
          });
          lines.push(`day ${(hour / 24).toFixed(2).padStart(5)}  ${bar.join('')}`);
        },
      },
    });
    lines.push(`${(ratio * 100).toFixed(1)} % of the bound`);
  }
  return lines.join('\n');
}
