import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { BeeproError } from '#core';
import type { Logger } from '#log';
import { openRoleModules, type RunningRole } from '#roles';
import { loadCredentials } from './auth/credentials.ts';
import { startWeb, type WebOptions } from './server.ts';

export interface UiCommand {
  readonly listen: WebOptions;
  /** A file that gets the page's address once it can be opened: for port 0. */
  readonly addressFile?: string | undefined;
}

/** The ui role by the environment: the web page with Bull Board. */
export async function runUi(command: UiCommand, log: Logger, signal?: AbortSignal): Promise<RunningRole> {
  const modules = await openRoleModules('ui', log, { signal });
  try {
    const credentials = loadCredentials(modules.environment.stateDir);
    const server = await startWeb(command.listen, {
      database: modules.db,
      bus: modules.bus,
      credentials,
      logger: log,
      settings: modules.settings,
      isBoardWriteAllowed: () => modules.settings.get('web.bull_board_write'),
      silentMs: () => modules.settings.get('worker.heartbeat_expiry'),
    });
    const { address, family, port } = server.server.address() as AddressInfo;
    const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    const { passwordFile } = credentials;
    log.info({ event: 'web.listening', url, passwordFile }, `${url} (the password is in ${passwordFile})`);
    if (command.addressFile !== undefined) await writeFile(command.addressFile, `${url}\n`);
    return {
      // The page lives on through trouble with its servers; every request says what it met.
      failed: new Promise<BeeproError>(() => undefined),
      stop: async () => {
        await server.close();
        await modules[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await modules[Symbol.asyncDispose]();
    throw error;
  }
}
