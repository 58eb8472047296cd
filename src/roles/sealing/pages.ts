import type { SectorId, SectorState } from '#core';
import {
  type Executor,
  listSectors,
  listSectorsOnMessage,
  type SectorOnMessage,
  type SectorOnMessagePage,
  type SectorRow,
} from '#db';

const PAGE = 500;

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
