import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SectorId, sectorName } from '#core';
import { findSector, listRunsOfSector } from '#db';
import { LocalInstallation, type LocalModules } from '#local';
import { audit, pledgeSectors, whyWaiting } from '#sector';
import { canMount, type PrivateServers, SmallDisk, startPrivateServers, waitFor } from '#testing';

/** The worker of these installations. */
export const WORKER = 'fire';
const BLOCK_TIME_MS = 150;
/** From one of the chain's nodes to the others, in ms. */
const GOSSIP_MS = 100;
const SEALED_WITHIN_MS = 240_000;
/** Room for the sectors of a run, and little more. */
const DISK_MIB_PER_SECTOR = 12;

export interface UnderFire {
  readonly installation: LocalInstallation;
  readonly servers: PrivateServers;
  readonly modules: LocalModules;
  readonly sectors: readonly SectorId[];
  /** The worker's workspace as a disk of its own; undefined where this user may not mount one. */
  readonly disk: SmallDisk | undefined;
  /** Empties Redis, as if it had been lost whole. */
  flush(): Promise<void>;
}

export interface UnderFireOptions {
  readonly sectors: number;
  /** For the first start of both roles only. */
  readonly onceEnv?: NodeJS.ProcessEnv;
  /** See `LocalInstallation`. */
  readonly roleEnv?: Readonly<Record<string, NodeJS.ProcessEnv>>;
  /** Endpoints of the chain; one unless told. */
  readonly nodes?: number;
  /** Beyond those of every run: name, scope, value. */
  readonly settings?: readonly (readonly [string, string, string])[];
  /** Looked at when every sector is `Proving`, before the audit. */
  readonly verify?: (fire: UnderFire) => Promise<void>;
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
    ...(options.roleEnv ? { roleEnv: options.roleEnv } : {}),
    ...(options.nodes === undefined ? {} : { nodes: options.nodes, gossipDelayMs: GOSSIP_MS }),
    settings: [
      ['worker.heartbeat_interval', '*', '500ms'],
      ['worker.heartbeat_expiry', '*', '4s'],
      ['worker.lease_ttl', '*', '2s'],
      ['coordinator.lease_ttl', '*', '1500ms'],
      ['coordinator.sweep_interval', '*', '500ms'],
      ['sector.retry.backoff_percent', '*', '5'],
      ['message.push_interval', '*', '2s'],
      // The workspace is a small disk.
      ['worker.scratch_keep_free', '*', '0B'],
      ...(options.settings ?? []),
    ],
  });
  let isSealed = false;
  let disk: SmallDisk | undefined;
  try {
    if (canMount())
      disk = new SmallDisk(
        join(dir, 'workspace', WORKER),
        `${DISK_MIB_PER_SECTOR * Math.max(2, options.sectors)}m`,
      );
    await installation.startChain();
    await installation.configure();
    const modules = await installation.open();
    try {
      installation.startSealing(options.onceEnv);
      installation.startWorker(WORKER, options.onceEnv);
      const numbers = await pledgeSectors(modules, { miner: installation.miner, count: options.sectors });
      const sectors = numbers.map((number) => ({ miner: installation.miner, number }));
      const flush = async (): Promise<void> => void (await modules.bus.client.flushall());
      const fire = { installation, servers, modules, sectors, disk, flush };
      await attack(fire);
      await waitUntilProving(modules, sectors, options.withinMs ?? SEALED_WITHIN_MS);
      await options.verify?.(fire);
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
    await disk?.[Symbol.asyncDispose]();
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
