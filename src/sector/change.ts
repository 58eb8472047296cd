import type { Settings } from '#config';
import { type ActorId, type BeeproError, killPoint, type SectorId, toBeeproError } from '#core';
import { type Database, type Trx, transaction } from '#db';
import type { QueueBus } from '#queues';
import { type Applied, applyEvent, type OutboxJob } from './apply.ts';
import type { RetryScale, SectorEvent } from './machine/index.ts';
import { type PublishOptions, publishJobs } from './publish.ts';

export interface SectorModules {
  readonly db: Database;
  readonly bus: QueueBus;
  readonly settings: Settings;
  /** Told when jobs could not be published at once; the publisher takes them up. */
  readonly onUnpublished?: (error: BeeproError, jobs: readonly OutboxJob[]) => void;
}

/** Runs one transaction that moves sectors, and publishes after its commit the jobs that it asked for. */
export async function commitAndPublish<T extends { readonly jobs: readonly OutboxJob[] }>(
  modules: SectorModules,
  work: (trx: Trx) => Promise<T>,
  options: PublishOptions = {},
): Promise<T> {
  const outcome = await transaction(modules.db, work);
  killPoint('transition.after-commit');
  try {
    await publishJobs(modules.db.kysely, modules.bus, outcome.jobs, options);
  } catch (error) {
    modules.onUnpublished?.(toBeeproError(error), outcome.jobs);
  }
  return outcome;
}

/** One event of one sector, in a transaction of its own, published at once. */
export function moveSector(modules: SectorModules, id: SectorId, event: SectorEvent): Promise<Applied> {
  return commitAndPublish(modules, (trx) =>
    applyEvent(trx, id, event, retryScale(modules.settings, id.miner)),
  );
}

/** How the operator scales recoveries for a miner. */
export function retryScale(settings: Settings, miner: ActorId): RetryScale {
  return {
    triesPercent: settings.get('sector.retry.tries_percent', { miner }),
    backoffPercent: settings.get('sector.retry.backoff_percent', { miner }),
  };
}
