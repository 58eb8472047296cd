import type { SectorId, SectorState } from '#core';
import {
  type Executor,
  listRestingSectors,
  listSectors,
  listSectorsOnMessage,
  type RestingFilter,
  type RestingSector,
  type SectorOnMessage,
  type SectorOnMessagePage,
  type SectorRow,
} from '#db';

const PAGE = 500;
const LIGHT_PAGE = 5_000;

/** All sectors of some states, a page at a time, in the order (miner, number). */
export async function* sectorsIn(
  db: Executor,
  states: readonly SectorState[],
  miner?: number,
): AsyncGenerator<SectorRow> {
  for (let after: SectorId | undefined; ; ) {
    const page = await listSectors(db, { states, miner, after, limit: PAGE });
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

export async function* sectorsOnMessage(
  db: Executor,
  options: Omit<SectorOnMessagePage, 'after' | 'limit'>,
): AsyncGenerator<SectorOnMessage> {
  for (let after: SectorId | undefined; ; ) {
    const page = await listSectorsOnMessage(db, { ...options, after, limit: PAGE });
    yield* page;
    after = page.at(-1);
    if (page.length < PAGE) return;
  }
}

/** All sectors that satisfy the conditions, light rows only: small enough to be held and grouped. */
export async function restingSectors(db: Executor, filter: RestingFilter): Promise<RestingSector[]> {
  const all: RestingSector[] = [];
  for (let after: SectorId | undefined; ; ) {
    const page = await listRestingSectors(db, { ...filter, after, limit: LIGHT_PAGE });
    all.push(...page);
    after = page.at(-1);
    if (page.length < LIGHT_PAGE) return all;
  }
}

/** As a list, where it is to be grouped. */
export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
