import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BeeproError, programVersion } from '#core';
import type { Logger } from '#log';
import { FOLDER_VARIABLE, resolveParameterFolder } from '#params';
import type { RunningRole } from './process-lifetime.ts';
import { openRoleModules, WORKER_CONNECTIONS } from './role-modules.ts';
import { startWorker } from './worker/index.ts';
import { streamOptions } from './worker/stream-options.ts';

export interface WorkerCommand {
  /** Default: `BEEPRO_WORKER_NAME`, else the host's name. */
  readonly name?: string | undefined;
  /** Default: `workspace` in the state folder. */
  readonly workspace?: string | undefined;
}

/** The worker role by the environment: this machine's agent. */
export async function runWorker(
  command: WorkerCommand,
  log: Logger,
  signal?: AbortSignal,
): Promise<RunningRole> {
  const modules = await openRoleModules('worker', log, { ...WORKER_CONNECTIONS, signal });
  try {
    const { environment } = modules;
    const name = command.name ?? environment.workerName;
    if (!environment.sealerBin) throw new BeeproError('SEALER_NOT_INSTALLED', { path: 'BEEPRO_SEALER_BIN' });
    const workspaceDir = resolve(command.workspace ?? join(environment.stateDir, 'workspace'));
    await mkdir(workspaceDir, { recursive: true });
    // Its sealers inherit it: they must look where `beepro params` puts the files.
    process.env[FOLDER_VARIABLE] ??= (await resolveParameterFolder()).path;
    const role = await startWorker(
      {
        name,
        // Several workers on one machine, as on a test bench, share the state folder and nothing in it.
        stateDir: join(environment.stateDir, 'workers', name),
        workspaceDir,
        devicesDir: join(environment.stateDir, 'devices'),
        sealerBin: environment.sealerBin,
        version: programVersion(),
        stream: await streamOptions(environment),
      },
      { ...modules, database: modules.db },
    );
    return {
      failed: role.failed,
      stop: async () => {
        await role.stop();
        await modules[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await modules[Symbol.asyncDispose]();
    throw error;
  }
}
