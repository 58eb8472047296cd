import { join } from 'node:path';
import { createSigner } from '#chain';
import { SettingsWatcher, StampAnnouncer } from '#config';
import type { Logger } from '#log';
import { pieceStoreFolder } from './piece-store-folder.ts';
import type { RunningRole } from './process-lifetime.ts';
import { openRoleModules } from './role-modules.ts';
import {
  AggregateDesk,
  chainNodesDuty,
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
  const signer = createSigner(modules.settings, chain);
  const sealing = { ...modules, signer, aggregates };
  const storeFolder = (): string => pieceStoreFolder(modules.settings, modules.environment);
  const role = startSealing(sealing, [
    pledgeDuty(sealing),
    piecesDuty(sealing),
    sealedCopiesDuty(sealing),
    incomingPiecesDuty(sealing, storeFolder),
    outsourceDuty(sealing),
    rehomeDuty(sealing),
    chainNodesDuty(modules),
  ]);
  return {
    failed: role.failed,
    stop: async () => {
      await role.stop();
      await signer.close();
      await aggregates.close();
      await announcer.close();
      await watcher.close();
      await modules[Symbol.asyncDispose]();
    },
  };
}
