import type { Settings } from '#config';
import { SECOND } from '../method.ts';
import type { BreakerRules } from './breaker.ts';

/** What the pool reads, at each use. */
export type PoolSettings = Pick<Settings, 'get'>;

/** The limit of an ordinary call, which `chain.timeout` replaces; calls that are known to take longer keep theirs. */
const ORDINARY_MS = 30 * SECOND;

export function limitOf(askedMs: number, settings: PoolSettings): number {
  const settingMs = settings.get('chain.timeout');
  if (askedMs === ORDINARY_MS) return settingMs;
  return askedMs > ORDINARY_MS ? Math.max(askedMs, settingMs) : Math.min(askedMs, settingMs);
}

export function breakerRules(settings: PoolSettings): BreakerRules {
  return {
    failures: settings.get('chain.breaker.failures'),
    minBackoffMs: settings.get('chain.breaker.backoff'),
    maxBackoffMs: settings.get('chain.breaker.max_backoff'),
  };
}
