import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { BeeproError } from '#core';

/**
 * A machine's speed: how long each phase takes there, how much that varies, and how often it fails. The fleet
 * simulation and the replay sealer read the same files (`bench/fleets/profiles/*.json`).
 */

/** How long one phase takes on this machine, when it runs within the machine's limits. */
const phaseSpeed = z.strictObject({
  /** Mean wall time of a run that succeeds, in seconds. */
  meanS: z.number().positive(),
  /** Standard deviation divided by the mean; 0 is always the mean. */
  spread: z.number().min(0).max(1).default(0),
  /**
   * `lognormal`: skewed to the right, as what waits for disks and networks. `normal`: symmetric, cut at three
   * standard deviations and at a tenth of the mean.
   */
  law: z.enum(['lognormal', 'normal']).default('normal'),
  /** Chance that a run fails, at a moment that is equally likely anywhere in it. */
  failureRate: z.number().min(0).max(1).default(0),
  /** What kind of failure: the recovery table's name for it. All three are tried again after a back-off. */
  failure: z.enum(['crash', 'temporary', 'permanent']).default('crash'),
});

const speeds = {
  'add-piece': phaseSpeed.optional(),
  precommit1: phaseSpeed.optional(),
  precommit2: phaseSpeed.optional(),
  commit1: phaseSpeed.optional(),
  commit2: phaseSpeed.optional(),
  landing: phaseSpeed.optional(),
  'clear-cache': phaseSpeed.optional(),
};

export const profileSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/),
  /** What the machine is, for people. */
  title: z.string(),
  /** Where the numbers come from: measured, published by whom, or estimated from what. */
  source: z.string(),
  sectorSize: z.enum(['2KiB', '8MiB', '512MiB', '32GiB', '64GiB']),
  /** Phases that are absent cannot run on this machine. */
  phases: z.strictObject(speeds),
});

export type Profile = z.infer<typeof profileSchema>;
export type PhaseSpeed = z.infer<typeof phaseSpeed>;

/** @throws ZodError what does not fit, with its path */
export function parseProfile(json: unknown): Profile {
  return profileSchema.parse(json);
}

/**
 * One duration drawn from the law, in seconds. Pure: `normal` is the caller’s random number
 * from the standard normal distribution.
 */
export function drawDuration(speed: PhaseSpeed, normal: number): number {
  const { meanS, spread, law } = speed;
  if (spread === 0) return meanS;
  if (law === 'lognormal') {
    const variance = Math.log(1 + spread * spread);
    return meanS * Math.exp(Math.sqrt(variance) * normal - variance / 2);
  }
  const cut = Math.max(-3, Math.min(3, normal));
  return meanS * Math.max(0.1, 1 + spread * cut);
}

/** Reads a profile's file. @throws BeeproError `INPUT_INVALID` */
export function readProfile(path: string): Profile {
  const refuse = (detail: string) =>
    new BeeproError('INPUT_INVALID', { what: `the profile ${path}`, detail });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw refuse((error as Error).message);
  }
  const parsed = profileSchema.safeParse(json);
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error));
  return parsed.data;
}
