import type { DemoOptions } from './options.ts';

/** The most sectors that the demo puts into one message. */
const MOST = 64;
/** How long one C2 of a small sector takes on a slow machine, in minutes, with room. */
const C2_MINUTES = 3;
const LEAST_MINUTES = 10;
/** Of more than one batch the last is not full and waits so long, which is less than the demo's patience. */
const REST_MINUTES = 5;

/**
 * Settings by which all sectors leave as one pre-commit and one prove-commit, as soon as the last is there; pure.
 * With devices the later sectors begin when the first is at C2, so that each leaves as it comes.
 */
export function batchSettings(
  options: Pick<DemoOptions, 'sectors' | 'file' | 'devices'>,
): readonly (readonly [string, string, string])[] {
  if (options.devices !== undefined) return [];
  const count = options.sectors + (options.file === undefined ? 0 : 1);
  const max = Math.ceil(count / Math.ceil(count / MOST));
  const minutes = count <= MOST ? Math.max(LEAST_MINUTES, C2_MINUTES * count) : REST_MINUTES;
  return ['precommit', 'commit'].flatMap((activity) => [
    [`batch.${activity}.max`, '*', String(max)] as const,
    [`batch.${activity}.wait`, '*', `${minutes}m`] as const,
  ]);
}
