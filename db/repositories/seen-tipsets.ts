import type { Selectable } from 'kysely';
import type { Epoch } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { SeenTipsetTable } from '../schema/index.ts';

export type SeenTipset = Pick<Selectable<SeenTipsetTable>, 'height' | 'tipset'>;

/** The newest tipset that was decided from, of those at or below `height`. */
export async function newestSeenTipset(
  executor: Executor,
  height: Epoch = Number.MAX_SAFE_INTEGER,
): Promise<SeenTipset | undefined> {
  return executor
    .selectFrom('seen_tipset')
    .select(['height', 'tipset'])
    .where('height', '<=', height)
    .orderBy('height', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** All at or below `height` that were decided from, the newest first. */
export async function listSeenTipsets(executor: Executor, height: Epoch): Promise<SeenTipset[]> {
  return executor
    .selectFrom('seen_tipset')
    .select(['height', 'tipset'])
    .where('height', '<=', height)
    .orderBy('height', 'desc')
    .execute();
}

/**
 * Notes the head that everything has now been decided from: what was seen above `fork` has left the chain, and what
 * is older than `keepFrom` cannot leave it any more.
 */
export async function saveSeenTipset(
  trx: Trx,
  head: SeenTipset,
  range: { readonly fork: Epoch; readonly keepFrom: Epoch },
): Promise<void> {
  await trx
    .deleteFrom('seen_tipset')
    .where((eb) => eb.or([eb('height', '>', range.fork), eb('height', '<', range.keepFrom)]))
    .execute();
  await trx
    .insertInto('seen_tipset')
    .values({ height: head.height, tipset: head.tipset })
    .onDuplicateKeyUpdate({ tipset: head.tipset })
    .execute();
}
