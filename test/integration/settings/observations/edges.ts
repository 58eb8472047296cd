import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { Settings } from '#config';
import { type Database, saveMiner } from '#db';
import { waitFor } from '#testing';
import { addPieces } from '../../../../src/cli/piece-adding.ts';
import { changeBySql, IN_FORCE, type Observations } from '../support/observation.ts';

/** Where BeePro meets nodes, files and browsers, with settings as a role has them. */
export interface EdgesBench {
  readonly database: Database;
  readonly settings: Settings;
  readonly folder: string;
  /** A request to the page that would change a queue; its status. */
  pauseQueue(): Promise<number>;
}

export const EDGES: Observations<'piece.store' | 'web.bull_board_write', EdgesBench> = {
  /** Where `piece add` puts its copies. */
  'piece.store': async ({ database, settings, folder }) => {
    await saveMiner(database.kysely, {
      id: 1000,
      network: 'beepro-devnet-test',
      sector_size: '2KiB',
      owner: 't0100',
      worker: 't0101',
    });
    const environment = {
      mysql: undefined,
      redis: undefined,
      stateDir: join(folder, 'state'),
      sealerBin: undefined,
      workerStream: { listen: { host: '127.0.0.1', port: 0 }, advertise: undefined, secretFile: undefined },
      workerName: 'host-a',
    };
    let added = 0;
    const folderOfNext = async () => {
      added += 1;
      const path = join(folder, `file-${added}`);
      await writeFile(path, `content ${added}`);
      await addPieces({ db: database, settings, environment }, { paths: [path], format: 'file' });
      const rows = await database.kysely.selectFrom('piece').select('path').orderBy('id', 'desc').execute();
      return dirname(rows[0]?.path ?? '');
    };
    expect(await folderOfNext()).toBe(join(folder, 'state', 'pieces'));
    await changeBySql(database, 'piece.store', join(folder, 'shared'));
    await waitFor(async () => (await folderOfNext()) === join(folder, 'shared'), {
      ...IN_FORCE,
      intervalMs: 100,
    });
  },

  'web.bull_board_write': async ({ database, pauseQueue }) => {
    expect(await pauseQueue()).toBe(405);
    await changeBySql(database, 'web.bull_board_write', 'true');
    await waitFor(async () => (await pauseQueue()) === 200, IN_FORCE);
    await changeBySql(database, 'web.bull_board_write', 'false');
    await waitFor(async () => (await pauseQueue()) === 405, IN_FORCE);
  },
};
