import { PHASE_NAMES, type Phase } from '#core';

/** One thing for each phase. */
export function perPhase<T>(make: (phase: Phase) => T): Record<Phase, T> {
  return Object.fromEntries(PHASE_NAMES.map((phase) => [phase, make(phase)])) as Record<Phase, T>;
}

/** `worker.limit` and one definition a phase make `worker.limit.precommit1` and so on. */
export function rename<Prefix extends string, T>(prefix: Prefix, byPhase: Record<Phase, T>) {
  const entries = Object.entries(byPhase).map(([phase, value]) => [`${prefix}.${phase}`, value]);
  return Object.fromEntries(entries) as Record<`${Prefix}.${Phase}`, T>;
}
