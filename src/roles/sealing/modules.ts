import type { ChainPool } from '#chain';
import type { Settings } from '#config';
import type { Database } from '#db';
import type { Logger } from '#log';
import type { QueueBus } from '#queues';
import type { SectorModules } from '#sector';
import type { Signer } from '#wallet';
import type { AggregateDesk } from './aggregate/index.ts';

/** What the sealing role is made of. */
export interface SealingModules extends SectorModules {
  readonly db: Database;
  readonly bus: QueueBus;
  readonly chain: ChainPool;
  readonly signer: Signer;
  readonly settings: Settings;
  readonly log: Logger;
  /** Makes one proof of many; where there is none, prove-commits carry a proof for each sector. */
  readonly aggregates?: AggregateDesk;
}
