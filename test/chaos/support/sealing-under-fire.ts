import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SectorId, sectorName } from '#core';
import { findSector, listRunsOfSector } from '#db';
import { LocalInstallation, type LocalModules } from '#local';
import { audit, pledgeSectors, whyWaiting } from '#sector';
import { type PrivateServers, startPrivateServers, waitFor } from '#testing';

/** The worker of these installations. */
export const WORKER = 'fire';
const BLOCK_TIME_MS = 150;
const SEALED_WITHIN_MS = 240_000;

export interface UnderFire {
  readonly installation: LocalInstallation;
  readonly servers: PrivateServers;
  readonly modules: LocalModules;
  readonly sectors: readonly SectorId[];
  /** Empties Redis, as if it had been lost whole. */
  flush(): Promise<void>;
}

export interface UnderFireOptions {
  readonly sectors: number;
  /** For the first start of both roles only. */
  readonly onceEnv?: NodeJS.ProcessEnv;
  readonly say?: (text: string) => void;
  /** Milliseconds until every sector must be Proving; four minutes unless told. */
  readonly withinMs?: number;
}

/**
 * Starts servers, chain and roles of its own, pledges sectors, lets `attack` do its worst, and waits until every
 * sector is `Proving`. Ends with the audit by SQL and chain: any violation is an error. Proofs come from the memo,
 * which holds real ones; the chain verifies each.
 */
export async function sealUnderFire(
  options: UnderFireOptions,
  attack: (fire: UnderFire) => Promise<void>,
): Promise<void> {
  const proofMemo = process.env.BEEPRO_C2_MEMO_DIR;
  if (!proofMemo) throw new Error('BEEPRO_C2_MEMO_DIR is not set: start this with npm test or npm run chaos');
  const dir = mkdtempSync(join(process.env.BEEPRO_RUN_DIR ?? tmpdir(), 'fire-'));
  mkdirSync(proofMemo, { recursive: true });
  await using servers = await startPrivateServers();
  const installation = new LocalInstallation({
    env: { ...process.env, ...servers.env },
    dir,
    sectorSize: '2KiB',
    blockTimeMs: BLOCK_TIME_MS,
    proofMemo,
    settings: [
      ['worker.heartbeat_interval', '*', '500ms'],
      ['worker.heartbeat_expiry', '*', '4s'],
      ['worker.lease_ttl', '*', '2s'],
      ['coordinator.lease_ttl', '*', '1500ms'],
      ['coordinator.sweep_interval', '*', '500ms'],
      ['sector.retry.backoff_percent', '*', '5'],
      ['message.push_interval', '*', '2s'],
    ],
  });
  let isSealed = false;
  try {
    await installation.startChain();
    await installation.configure();
    const modules = await installation.open();
    try {
      installation.startSealing(options.onceEnv);
      installation.startWorker(WORKER, options.onceEnv);
      const numbers = await pledgeSectors(modules, { miner: installation.miner, count: options.sectors });
      const sectors = numbers.map((number) => ({ miner: installation.miner, number }));
      const flush = async (): Promise<void> => void (await modules.bus.client.flushall());
      await attack({ installation, servers, modules, sectors, flush });
      await waitUntilProving(modules, sectors, options.withinMs ?? SEALED_WITHIN_MS);
      await waitFor(
        () =>
          modules.chain.chainHead().then(
            () => true,
            () => false,
          ),
        {
          deadlineMs: 30_000,
          what: 'a chain that answers again',
        },
      );
      const violations = await audit(modules.db.kysely, modules.chain);
      if (violations.length > 0) throw new Error(`audit: ${JSON.stringify(violations, null, 2)}`);
      isSealed = true;
    } finally {
      await modules[Symbol.asyncDispose]();
    }
  } finally {
    await installation.stop();
    // What a failed run left behind is what it will be understood by.
    if (isSealed) rmSync(dir, { recursive: true, force: true });
    else options.say?.(`left for looking at: ${dir}`);
  }
}

async function waitUntilProving(
  modules: LocalModules,
  sectors: readonly SectorId[],
  withinMs: number,
): Promise<void> {
  const db = modules.db.kysely;
  const standing = async (): Promise<string[]> =>
    Promise.all(
      sectors.map(async (id) => {
        const sector = await findSector(db, id);
        if (sector?.state === 'Proving') return '';
        const runs = await listRunsOfSector(db, id, ['running', 'queued', 'waiting']);
        const active = runs
          .map((run) => `${run.phase} a${run.attempt}.${run.claim} ${run.status}`)
          .join(', ');
        return `${sectorName(id)} ${sector?.state} (${sector?.parked_code ?? ''} ${sector?.parked_reason ?? ''}) [${active}]: ${await whyWaiting(db, id)}`;
      }),
    );
  let last: string[] = [];
  try {
    await waitFor(
      async () => {
        last = (await standing()).filter((text) => text !== '');
        if (last.some((text) => text.includes(' Parked '))) throw new Error(last.join('\n'));
        return last.length === 0;
      },
      { deadlineMs: withinMs, what: 'every sector Proving' },
    );
  } catch (error) {
    throw new Error(`not every sector is Proving:\n${last.join('\n')}`, { cause: error });
  }
}
