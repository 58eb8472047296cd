import { join } from 'node:path';
import { SettingsWatcher, StampAnnouncer } from '#config';
import type { Logger } from '#log';
import { createNodeWallet } from '#wallet';
import { pieceStoreFolder } from './piece-store-folder.ts';
import type { RunningRole } from './process-lifetime.ts';
import { openRoleModules } from './role-modules.ts';
import {
  AggregateDesk,
  incomingPiecesDuty,
  outsourceDuty,
  piecesDuty,
  pledgeDuty,
  rehomeDuty,
  SealerAggregator,
  sealedCopiesDuty,
  startSealing,
} from './sealing/index.ts';

/** The sealing role by the environment: coordinates sectors, messages and queues. Any number may run. */
export async function runSealing(log: Logger, signal?: AbortSignal): Promise<RunningRole> {
  const modules = await openRoleModules('sealing', log, { signal });
  const { db, wake, chain } = modules;
  // Changes made by plain SQL get their line in the history here.
  const watcher = new SettingsWatcher({
    database: db,
    wake,
    onChanges: (changes) => {
      for (const { name, scope, oldValue, newValue } of changes)
        log.info(
          { event: 'settings.changed-by-sql', name, scope, oldValue, newValue },
          `${name} was changed by SQL`,
        );
    },
    onError: (error) => log.warn({ event: 'settings.watch-failed', err: error }, (error as Error).message),
  });
  const announcer = new StampAnnouncer({
    redis: modules.bus.client,
    database: db,
    onError: (error) => log.warn({ event: 'stamp.not-announced', err: error }, (error as Error).message),
  });
  const { sealerBin, stateDir } = modules.environment;
  const program = sealerBin === undefined ? undefined : { bin: sealerBin };
  const aggregates = new AggregateDesk(new SealerAggregator(program, join(stateDir, 'aggregates')));
  const sealing = { ...modules, signer: createNodeWallet(chain), aggregates };
  const storeFolder = (): string => pieceStoreFolder(modules.settings, modules.environment);
  const role = startSealing(sealing, [
    pledgeDuty(sealing),
    piecesDuty(sealing),
    sealedCopiesDuty(sealing),
    incomingPiecesDuty(sealing, storeFolder),
    outsourceDuty(sealing),
    rehomeDuty(sealing),
  ]);
  return {
    failed: role.failed,
    stop: async () => {
      await role.stop();
      await aggregates.close();
      await announcer.close();
      await watcher.close();
      await modules[Symbol.asyncDispose]();
    },
  };
}
