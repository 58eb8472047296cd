import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { createConfiguredChain } from '#chain';
import type { Settings } from '#config';
import { isBeeproError } from '#core';
import { type Database, saveMiner } from '#db';
import { waitFor } from '#testing';
import { addPieces } from '../../../../src/cli/piece-adding.ts';
import { ScriptedNode } from '../../../support/scripted-node.ts';
import { startTestDevnet } from '../../devnet/test-devnet.ts';
import { changeBySql, IN_FORCE, type Observations, stays } from '../support/observation.ts';

/** Where BeePro meets nodes, files and browsers, with settings as a role has them. */
export interface EdgesBench {
  readonly database: Database;
  readonly settings: Settings;
  readonly folder: string;
  /** A request to the page that would change a queue; its status. */
  pauseQueue(): Promise<number>;
}

export const EDGES: Observations<
  'chain.nodes' | 'chain.timeout' | 'piece.store' | 'web.bull_board_write',
  EdgesBench
> = {
  /** From one devnet to another, each with a token of its own. */
  'chain.nodes': async ({ database, settings, folder }) => {
    const chain = createConfiguredChain(settings);
    await using devnets = new AsyncDisposableStack();
    devnets.adopt(chain, (open) => open.close());
    const node = async (networkName: string) => {
      const { devnet } = devnets.use(await startTestDevnet({ networkName }));
      await writeFile(join(folder, networkName), devnet.token);
      return `${devnet.url} token=file:${join(folder, networkName)}`;
    };
    const [first, second] = [await node('beepro-devnet-first'), await node('beepro-devnet-second')];
    await expect(chain.stateNetworkName()).rejects.toMatchObject({ code: 'CHAIN_NODES_MISSING' });
    await changeBySql(database, 'chain.nodes', first);
    await waitFor(async () => (await chain.stateNetworkName()) === 'beepro-devnet-first', IN_FORCE);
    await changeBySql(database, 'chain.nodes', second);
    await waitFor(async () => (await chain.stateNetworkName()) === 'beepro-devnet-second', IN_FORCE);
  },

  /** A node that takes a call and never answers. */
  'chain.timeout': async ({ database, settings }) => {
    await using node = await ScriptedNode.start();
    node.onRequest = () => undefined;
    await changeBySql(database, 'chain.nodes', node.url);
    await settings.refresh();
    const chain = createConfiguredChain(settings);
    let hasEnded = false;
    const patient = chain.stateNetworkName().catch(() => {
      hasEnded = true;
    });
    await stays('waiting for the node', () => !hasEnded);
    await changeBySql(database, 'chain.timeout', '100ms');
    await waitFor(async () => {
      const ended = await Promise.race([
        chain.stateNetworkName().catch((error: unknown) => error),
        new Promise((resolve) => setTimeout(resolve, 1_000)),
      ]);
      return isBeeproError(ended, 'CHAIN_TIMED_OUT') && ended.data.ms === 100;
    }, IN_FORCE);
    await chain.close();
    await patient;
  },

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
