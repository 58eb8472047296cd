import { inTurn } from '#core';
import { listRemovedHolders, listWorkerStates, markWorkerRemoved } from '#db';
import { HOST_LOST, rehomeSectors } from '#sector';
import type { SealingModules } from './modules.ts';
import type { ExtraDuty } from './start-sealing.ts';

type Modules = Pick<SealingModules, 'db' | 'bus' | 'settings' | 'log' | 'chain'>;

export interface Silence {
  /** Since the worker's last heartbeat, in ms, by the database's clock. */
  readonly silentMs: number;
  /** For how long this process has had the database before its eyes without a break, in ms. */
  readonly watchedMs: number;
}

/**
 * Whether a worker's silence makes it lost. While the database is away nobody can be heard: what was silent before it
 * came back gets as long as a heartbeat may take to be heard again.
 */
export function isLost(
  silence: Silence,
  rules: { readonly rehomeAfterMs: number; readonly expiryMs: number },
): boolean {
  if (rules.rehomeAfterMs === 0) return false;
  return (
    silence.silentMs > Math.max(rules.rehomeAfterMs, rules.expiryMs) && silence.watchedMs > rules.expiryMs
  );
}

/** A pause between two looks of more than so many intervals is a break: what was silent in it was not watched. */
const BREAK = 4;
const LEAST_BREAK_MS = 10_000;

/** Moves sectors off workers that are gone for good: removed by hand, or silent for longer than `worker.rehome_after`. */
export function rehomeDuty(modules: Modules, now: () => number = () => performance.now()): ExtraDuty {
  const { db, settings, log } = modules;
  const intervalMs = () => Math.min(5_000, settings.get('coordinator.sweep_interval'));
  let watchedSince = now();
  let lookedAt = Number.NEGATIVE_INFINITY;
  return {
    name: 'rehome',
    intervalMs,
    pass: async () => {
      const states = await listWorkerStates(db.kysely);
      if (now() - lookedAt > Math.max(LEAST_BREAK_MS, BREAK * intervalMs())) watchedSince = now();
      lookedAt = now();
      const expiryMs = settings.get('worker.heartbeat_expiry');
      for (const { name, state, heartbeatAgeMs: silentMs } of states) {
        const rehomeAfterMs = settings.get('worker.rehome_after', { worker: name });
        const silence = { silentMs, watchedMs: now() - watchedSince };
        if (state === 'removed' || !isLost(silence, { rehomeAfterMs, expiryMs })) continue;
        const silentForMs = Math.max(rehomeAfterMs, expiryMs);
        if (!(await markWorkerRemoved(db.kysely, name, silentForMs))) continue;
        log.warn({ event: 'worker.lost', worker: name, silentMs }, 'a worker counts as lost for good');
      }
      await inTurn(await listRemovedHolders(db.kysely, HOST_LOST), async (name) => {
        const { sectors } = await rehomeSectors(modules, name);
        for (const { miner, number: sector, state, rehoming } of sectors) {
          log.warn({ event: 'sector.rehomed', worker: name, miner, sector, state, rehoming }, rehoming);
        }
      });
    },
  };
}
