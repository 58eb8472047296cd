import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BeeproError } from '#core';
import { listRunsOfSector, saveMiner } from '#db';
import { InProcessSealers, readProfile } from '#replay';
import { agentSettings } from '#roles';
import { HostAgent, type HostAgentModules } from '#workers';
import { createFleet, type Fleet, MINER } from '../workers/support/fleet.ts';
import { PROFILE } from './support.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await createFleet();
  await fleet.openLimits();
});
afterAll(() => fleet.close());

async function setNetwork(network: string): Promise<void> {
  await saveMiner(fleet.database.kysely, {
    id: MINER,
    network,
    sector_size: '2KiB',
    owner: 't0100',
    worker: 't0101',
  });
}

function startStandIn(name: string, onFatal: HostAgentModules['onFatal']): Promise<HostAgent> {
  const profile = readProfile(PROFILE);
  return HostAgent.start(
    {
      name,
      stateDir: join(fleet.folder, 'state', name),
      workspaceDir: join(fleet.folder, 'work', name),
      version: 'test',
    },
    {
      ...fleet,
      settings: agentSettings(fleet.settings, name),
      sealers: { program: { bin: '' } },
      openSealers: async () => new InProcessSealers({ profile, speed: 1_000, seed: 'test' }),
      onFatal,
    },
  );
}

test.each(['mainnet', 'calibrationnet', 'beepro-devnet', 'beepro-devnet-test', 'butterflynet'])(
  'a worker with a stand-in does not start while a miner is on %s',
  async (network) => {
    await setNetwork(network);
    await expect(startStandIn('host-s', () => undefined)).rejects.toMatchObject({
      code: 'SEALER_STAND_IN_REFUSED',
      data: { standIn: 'replay', network },
    });
  },
);

test('it ends, with the job given back untouched, when a miner of another network comes later', async () => {
  await setNetwork('beepro-devnet-replay');
  const fatal = Promise.withResolvers<BeeproError>();
  const agent = await startStandIn('host-s', fatal.resolve);
  await setNetwork('calibrationnet');
  const id = await fleet.addSector(1);
  expect((await fatal.promise).code).toBe('SEALER_STAND_IN_REFUSED');
  await agent.stop();
  const runs = await listRunsOfSector(fleet.database.kysely, id);
  expect(runs.map((run) => [run.phase, run.status, run.claim, run.crashes])).toEqual([
    ['add-piece', 'queued', 0, 0],
  ]);
  expect(existsSync(join(fleet.folder, 'work', 'host-s', 's-t01000-1'))).toBe(false);
});
