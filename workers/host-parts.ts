import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { JobFetcher } from '#queues';
import { RunJournal, SealerPool, type Sealers } from '#sealer';
import { neededSealers } from './adoption.ts';
import { HostDevices } from './devices/index.ts';
import type { HostAgentModules, HostAgentOptions } from './host-agent-options.ts';
import { HostLease, type HostLeaseOptions } from './host-lease.ts';
import { StateFolder } from './state-folder.ts';

/** What an agent stands on, and what an earlier one left: opened in this order, before anything is taken. */
export interface HostParts {
  readonly lease: HostLease;
  readonly state: StateFolder;
  readonly journal: RunJournal;
  readonly devices: HostDevices;
  readonly pool: Sealers;
  readonly fetcher: JobFetcher;
}

/**
 * @param outage what follows when the lease is held again after an outage
 * @throws BeeproError `WORKER_NAME_TAKEN`, `WORKER_STATE_IN_USE`, and what MySQL says
 */
export async function openHostParts(
  options: HostAgentOptions,
  modules: HostAgentModules,
  outage: Pick<HostLeaseOptions, 'onRegained' | 'onHeldAgain'>,
): Promise<HostParts> {
  // The lease first: whoever holds it may take the folder from an agent that stands still.
  const lease = await HostLease.acquire({
    database: modules.database,
    worker: options.name,
    ttlMs: () => modules.settings.leaseTtlMs(),
    onLapse: () => modules.log.warn('the host’s lease is not renewed: no new work until it is'),
    ...outage,
    onLost: modules.onFatal,
    onError: (error) => modules.log.warn({ err: error }, 'the host’s lease could not be renewed'),
  });
  let state: StateFolder | undefined;
  try {
    state = await StateFolder.open(options.stateDir, options.name, ({ pid }) =>
      modules.log.warn({ pid }, 'ended an agent of this worker that stood still beyond its lease'),
    );
    // What is measured must be there.
    await mkdir(options.workspaceDir, { recursive: true });
    const journal = await RunJournal.open(join(options.stateDir, 'runs'));
    const devices = await HostDevices.open({
      file: join(options.stateDir, 'devices.json'),
      folder: options.devicesDir ?? join(options.stateDir, 'devices'),
      settings: () => modules.settings.devices(),
      log: modules.log.child({ worker: options.name }),
      tool: options.gpuTool,
    });
    const pool = await openPool(options, modules, devices, journal);
    const fetcher = new JobFetcher(modules.bus, {
      token: options.name,
      onError: (error) => modules.log.warn({ err: error }, 'Redis'),
    });
    return { lease, state, journal, devices, pool, fetcher };
  } catch (error) {
    await lease.release();
    await state?.release();
    throw error;
  }
}

async function openPool(
  options: HostAgentOptions,
  { sealers, settings, log, openSealers }: HostAgentModules,
  devices: HostDevices,
  journal: RunJournal,
): Promise<Sealers> {
  const { program } = sealers;
  const open = openSealers ?? ((...given) => SealerPool.open(...given));
  return open(
    {
      ...sealers,
      program: (sealerClass, seat) =>
        devices.program(typeof program === 'function' ? program(sealerClass, seat) : program, seat),
      maxMemory: () => settings.sealerMaxMemory(),
      onReplace: (name, why) => log.info({ sealer: name, why }, 'sealer replaced'),
      dir: join(options.stateDir, 'sealers'),
      onError: (error) => log.warn({ err: error }, 'sealer'),
    },
    neededSealers(await journal.list()),
  );
}
