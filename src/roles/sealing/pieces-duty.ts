import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { idAddress } from '#codec';
import { isSectorSize, sectorBytes } from '#core';
import { listMiners, listSealedCopies, listStoredPieces, type MinerRow, transaction } from '#db';
import { dropSealedCopies, listSectorsToClose, PieceStore, packStoredPieces } from '#pieces';
import { moveSector, sealProofOf } from '#sector';
import type { SealingModules } from './modules.ts';
import type { ExtraDuty } from './start-sealing.ts';

const INTERVAL_MS = 1_000;
const DROP_INTERVAL_MS = 60_000;
const INCOMING_INTERVAL_MS = 3_600_000;
const DROP_PAGE = 1_000;

/** Puts waiting pieces into sectors, and seals those sectors that are full or have waited long enough. */
export function piecesDuty(modules: SealingModules): ExtraDuty {
  return {
    name: 'pieces',
    intervalMs: () => INTERVAL_MS,
    pass: async (signal) => {
      for (const miner of await listMiners(modules.db.kysely)) {
        if (signal.aborted) return;
        await packFor(modules, miner, signal);
      }
    },
  };
}

/** Removes stored copies once their sectors are final: from then on the sectors themselves have the data. */
export function sealedCopiesDuty(modules: SealingModules): ExtraDuty {
  return {
    name: 'sealed-copies',
    intervalMs: () => DROP_INTERVAL_MS,
    pass: async (signal) => {
      const copies = await listSealedCopies(modules.db.kysely, DROP_PAGE);
      for (const group of Map.groupBy(copies, ({ miner, number }) => `${miner}/${number}`).values()) {
        const [copy] = group;
        if (!copy || signal.aborted) return;
        const folder = dirname(copy.path);
        // A store that this host does not see is left to a coordinator that does.
        if (!(await isThere(folder))) continue;
        const dropped = await dropSealedCopies(modules.db, new PieceStore(folder), copy);
        const { miner, number: sector } = copy;
        modules.log.info({ event: 'pieces.copies-dropped', miner, sector, dropped }, 'stored copies removed');
      }
    },
  };
}

/** Removes what killed `piece add` commands left in the store of this host. */
export function incomingPiecesDuty(modules: SealingModules, folder: () => string): ExtraDuty {
  return {
    name: 'incoming-pieces',
    intervalMs: () => INCOMING_INTERVAL_MS,
    pass: async () => {
      const removed = await new PieceStore(folder()).sweepIncoming();
      if (removed > 0)
        modules.log.info({ event: 'pieces.incoming-swept', removed }, 'unfinished additions removed');
    },
  };
}

async function isThere(folder: string): Promise<boolean> {
  try {
    await access(folder);
    return true;
  } catch {
    return false; // whatever the reason, nothing can be removed there
  }
}

async function packFor(modules: SealingModules, miner: MinerRow, signal: AbortSignal): Promise<void> {
  const { db, settings, log } = modules;
  if (!isSectorSize(miner.sector_size)) return;
  const rules = {
    miner: miner.id,
    sectorBytes: sectorBytes(miner.sector_size),
    maxPieces: settings.get('piece.max_per_sector', { miner: miner.id }),
  };
  if ((await listStoredPieces(db.kysely, miner.id, 1)).length > 0) {
    // Fetched before the transaction: nothing waits for a node under a lock.
    const allocated = await modules.chain.stateMinerAllocated(idAddress(miner.id, 't'), []);
    const request = {
      ...rules,
      sealProof: sealProofOf(modules, miner),
      nextFreeOnChain: (from: number) => allocated.firstUnset(from),
    };
    for (let packed = 1; packed > 0 && !signal.aborted; ) {
      const outcome = await transaction(db, (trx) => packStoredPieces(trx, request));
      packed = outcome.packed;
      if (packed > 0) {
        const opened = outcome.opened.map(({ number }) => number);
        log.info(
          { event: 'pieces.packed', miner: miner.id, pieces: packed, opened },
          `${packed} piece(s) packed`,
        );
      }
    }
  }
  const waitMs = settings.get('piece.wait', { miner: miner.id });
  for (const { reason, ...id } of await listSectorsToClose(db.kysely, { ...rules, waitMs })) {
    if (signal.aborted) return;
    await moveSector(modules, id, { type: 'pieces-closed' });
    log.info(
      { event: 'pieces.closed', miner: id.miner, sector: id.number, reason },
      `sector closed: ${reason}`,
    );
  }
}
