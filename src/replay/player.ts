import { createHash } from 'node:crypto';
import { drawDuration, type PhaseSpeed, type Profile } from './profile.ts';

/** How one run of a phase goes. */
export interface Play {
  /** Milliseconds of the played machine until its end, be it a result or a failure. */
  readonly ms: number;
  /** Undefined: it succeeds. */
  readonly failure: PhaseSpeed['failure'] | undefined;
}

export type PlayedPhase = keyof Profile['phases'];

/**
 * Draws how a run goes from a machine's profile. The same seed and key give the same play, on any machine and in any
 * order, so a run that is asked for again after a crash of its sealer takes as long as before.
 */
export function drawPlay(profile: Profile, phase: PlayedPhase, seed: string, key: string): Play | undefined {
  const speed = profile.phases[phase];
  if (!speed) return undefined;
  const [first, second, chance, moment] = uniforms(`${seed}\0${profile.name}\0${phase}\0${key}`);
  const normal = Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second);
  const ms = drawDuration(speed, normal) * 1_000;
  return chance <= speed.failureRate
    ? { ms: ms * moment, failure: speed.failure }
    : { ms, failure: undefined };
}

/** Four numbers above 0, at most 1. */
function uniforms(text: string): readonly [number, number, number, number] {
  const digest = createHash('sha256').update(text).digest();
  const at = (index: number) => (digest.readUInt32LE(index * 4) + 1) / 2 ** 32;
  return [at(0), at(1), at(2), at(3)];
}
