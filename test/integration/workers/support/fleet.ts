import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openSettings, type Settings, type SettingsOptions } from '#config';
import { PHASE_NAMES, type SealVariant, type SectorId, type SectorSizeName, sealProof } from '#core';
import {
  type Database,
  findSector,
  insertSector,
  insertStoragePath,
  type SectorRow,
  saveMiner,
  type Trx,
  transaction,
} from '#db';
import { createLogger, type Logger } from '#log';
import { QueueBus } from '#queues';
import { agentSettings } from '#roles';
import { applyEvent, publishJobs, type SectorEvent, startRun } from '#sector';
import { createMigratedDatabase, createTestFolder, createTestRedis, waitFor } from '#testing';
import { HostAgent, type HostAgentOptions } from '#workers';
import { ChainDouble } from './chain-double.ts';

export const MINER = 1000;

export interface Fleet {
  readonly database: Database;
  readonly bus: QueueBus;
  readonly chain: ChainDouble;
  readonly settings: Settings;
  readonly log: Logger;
  readonly folder: string;
  readonly redisPrefix: string;
  readonly databaseUrl: string;
  /** Runs plain SQL, as an operator at a prompt does. */
  set(name: string, scope: string, value: string): Promise<void>;
  startAgent(options?: Partial<HostAgentOptions>, env?: Readonly<Record<string, string>>): Promise<HostAgent>;
  /** Limits of 1 for every phase but commit2, which needs the parameters and 100 CPU-seconds: test/e2e has it. */
  openLimits(): Promise<void>;
  /** A sector in AddPiece, published; `prepare` runs in its transaction. */
  addSector(
    number: number,
    size?: SectorSizeName,
    prepare?: (trx: Trx, id: SectorId) => Promise<void>,
    variant?: SealVariant,
  ): Promise<SectorId>;
  apply(id: SectorId, event: SectorEvent): Promise<void>;
  /** Says what the chain would say of a sealed sector, up to its seed. */
  preCommit(id: SectorId): Promise<void>;
  sector(id: SectorId): Promise<SectorRow>;
  untilState(id: SectorId, state: SectorRow['state']): Promise<SectorRow>;
  close(): Promise<void>;
}

export function sealerBin(): string {
  const bin = process.env.BEEPRO_SEALER_BIN;
  if (!bin) throw new Error('BEEPRO_SEALER_BIN is not set: run the tests with npm test');
  return bin;
}

/** A database, queues, a storage path and a workspace of their own for one suite. */
export async function createFleet(settingsOptions: Pick<SettingsOptions, 'pollMs'> = {}): Promise<Fleet> {
  const folder = await createTestFolder();
  const redis = createTestRedis();
  const store = await createMigratedDatabase();
  const { database } = store;
  const bus = await QueueBus.open({
    url: process.env.BEEPRO_REDIS_URL ?? '',
    prefix: redis.prefix,
    name: 'test',
  });
  const settings = await openSettings({ database, ...settingsOptions });
  const log = createLogger({
    role: 'test',
    level: process.env.BEEPRO_LOG_LEVEL ?? 'warn',
    pretty: false,
  });
  const chain = new ChainDouble(database);
  const agents: HostAgent[] = [];
  await saveMiner(database.kysely, {
    id: MINER,
    network: 'beepro-devnet-test',
    sector_size: '2KiB',
    owner: 't0100',
    worker: 't0101',
  });
  await mkdir(join(folder.path, 'storage'));
  await insertStoragePath(database.kysely, {
    name: 'store',
    path: join(folder.path, 'storage'),
    miner: null,
    can_seal: false,
    can_store: true,
  });

  const set = async (name: string, scope: string, value: string) => {
    await database.kysely
      .insertInto('setting')
      .values({ name, scope, value })
      .onDuplicateKeyUpdate({ value })
      .execute();
  };
  const sector = async (id: SectorId) => {
    const row = await findSector(database.kysely, id);
    if (!row) throw new Error('no such sector');
    return row;
  };
  const apply = async (id: SectorId, event: SectorEvent) => {
    const applied = await transaction(database, (trx) => applyEvent(trx, id, event));
    if ('refused' in applied) throw new Error(`${event.type} refused: ${applied.refused}`);
    await publishJobs(database.kysely, bus, applied.jobs);
  };
  return {
    database,
    bus,
    chain,
    settings,
    log,
    folder: folder.path,
    redisPrefix: redis.prefix,
    databaseUrl: store.options.url,
    set,
    openLimits: async () => {
      for (const phase of PHASE_NAMES)
        await set(`worker.limit.${phase}`, '*', phase === 'commit2' ? '0' : '1');
      await set('storage.min_free', '*', '1MiB');
      await set('worker.heartbeat_interval', '*', '500ms');
      await settings.refresh();
    },
    startAgent: async (options = {}, env = {}) => {
      const name = options.name ?? 'host-a';
      const agent = await HostAgent.start(
        {
          name,
          stateDir: join(folder.path, 'state', name),
          workspaceDir: join(folder.path, 'work', name),
          version: 'test',
          ...options,
        },
        {
          database,
          bus,
          chain,
          settings: agentSettings(settings, name),
          log,
          sealers: {
            program: { bin: sealerBin(), env, allowFaults: 'BEEPRO_SEALER_FAULT' in env },
            idleExitS: 30,
          },
          onFatal: (error) => log.error({ err: error }, 'fatal'),
        },
      );
      agents.push(agent);
      return agent;
    },
    addSector: async (number, size = '2KiB', prepare, variant = 'interactive') => {
      const id = { miner: MINER, number };
      const job = await transaction(database, async (trx) => {
        await insertSector(trx, {
          ...id,
          state: 'AddPiece',
          state_at: new Date(),
          kind: prepare ? 'data' : 'cc',
          seal_proof: sealProof(size, variant).id,
        });
        await prepare?.(trx, id);
        return startRun(trx, id, null, { phase: 'add-piece', delayMs: 0 });
      });
      await publishJobs(database.kysely, bus, job ? [job] : []);
      return id;
    },
    apply,
    preCommit: async (id) => {
      const commR = (await sector(id)).comm_r ?? '';
      await apply(id, { type: 'precommit-assigned', message: 1 });
      await apply(id, { type: 'precommit-bound' });
      await apply(id, { type: 'precommit-landed', precommitEpoch: 4_900, commR });
      await apply(id, { type: 'seed-ready', seed: '11'.repeat(32), seedEpoch: 4_950, precommitEpoch: 4_900 });
    },
    sector,
    untilState: async (id, state) => {
      await waitFor(
        async () => {
          const row = await sector(id);
          if (row.state === 'Parked' && state !== 'Parked') throw new Error(`parked: ${row.parked_reason}`);
          return row.state === state;
        },
        { deadlineMs: 50_000, what: `sector ${id.number} in ${state}` },
      );
      return sector(id);
    },
    close: async () => {
      for (const agent of agents) await agent.stop();
      await settings.close();
      const keys = await redis.redis.keys(`${bus.prefix}:*`);
      if (keys.length > 0) await redis.redis.del(...keys);
      await bus.close();
      await redis.drop();
      await store.drop();
      await folder.remove();
    },
  };
}
