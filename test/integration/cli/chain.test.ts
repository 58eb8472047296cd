import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConfiguredChain, databaseRecord } from '#chain';
import { openSettings } from '#config';
import { type Database, listChainNodes } from '#db';
import { chainNodesDuty } from '#roles';
import { createMigratedDatabase, createTestFolder, FaultyNode } from '#testing';
import { startTestDevnet, type TestDevnet } from '../devnet/test-devnet.ts';
import { Cli } from './support/cli.ts';

const resources = new AsyncDisposableStack();
let database: Database;
let devnet: TestDevnet;
let node: FaultyNode;
let token: string;
let cli: Cli;

beforeAll(async () => {
  const store = resources.use(await createMigratedDatabase());
  database = store.database;
  const folder = await createTestFolder();
  resources.defer(() => folder.remove());
  devnet = resources.use(await startTestDevnet());
  await devnet.devnet.control.mine(3);
  node = resources.use(await FaultyNode.start(devnet.devnet.url));
  token = `file:${join(folder.path, 'token')}`;
  await writeFile(join(folder.path, 'token'), devnet.devnet.token);
  cli = new Cli({
    BEEPRO_MYSQL_URL: store.options.url,
    BEEPRO_MYSQL_PASSWORD_FILE: store.options.passwordFile,
    BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
    BEEPRO_REDIS_PASSWORD_FILE: process.env.BEEPRO_REDIS_PASSWORD_FILE,
    BEEPRO_STATE_DIR: folder.path,
    FULLNODE_API_INFO: `${devnet.devnet.token}:/ip4/127.0.0.1/tcp/${new URL(node.url).port}/http`,
  });
});
afterAll(() => resources.disposeAsync());

/** What the coordinator leaves of the nodes. */
async function coordinatorLooks(): Promise<void> {
  await using settings = await openSettings({ database });
  const chain = createConfiguredChain(settings, { record: databaseRecord(database) });
  const signal = new AbortController().signal;
  await chainNodesDuty({ db: database, settings, chain }).pass(signal);
  await chain.close();
}

test('without nodes, each command says what to do', async () => {
  expect((await cli.run('chain', 'nodes')).stdout).toContain('beepro chain add');
  expect(await cli.failure('chain', 'head')).toMatchObject({ exit: 1, code: 'CHAIN_NODES_MISSING' });
  expect(await cli.failure('chain', 'remove', 'nobody:1')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
});

test('a node is added when it is well, and the chain is recorded', async () => {
  const { port } = new URL(devnet.devnet.url);
  const address = `/ip4/127.0.0.1/tcp/${port}/http`;
  expect(await cli.failure('chain', 'add', 'http://127.0.0.1:9/rpc/v1')).toMatchObject({
    code: 'CHAIN_NODE_OUT',
  });
  const secret = `${devnet.devnet.token}:${address}`;
  const refused = await cli.failure('chain', 'add', secret);
  expect(refused).toMatchObject({ exit: 2, code: 'SETTING_VALUE_INVALID' });
  expect(JSON.stringify(refused)).not.toContain(devnet.devnet.token);
  expect((await cli.run('chain', 'add', address, '--token', token)).stdout).toMatch(
    /is one of 1 nodes; at height 3/,
  );
  expect(await cli.json('chain', 'add', node.url, '--token', token)).toMatchObject({
    nodes: [
      { url: `http://127.0.0.1:${port}/rpc/v1`, token },
      { url: node.url, token },
    ],
  });
  expect(await cli.json('setting', 'get', 'chain.nodes')).toMatchObject({
    value: expect.stringContaining(token),
  });
});

test('nodes as this machine and the coordinator see them, without a token anywhere', async () => {
  await coordinatorLooks();
  const { stdout } = await cli.run('chain', 'nodes');
  expect(stdout).toContain('belongs to beepro-devnet-test (network version 28');
  expect(stdout).toContain(`${node.name}`);
  node.fault = 'stall';
  await cli.json('setting', 'set', 'chain.probe_timeout', '300ms');
  const { nodes } = (await cli.json('chain', 'nodes')) as { nodes: Record<string, unknown>[] };
  expect(nodes).toMatchObject([
    { state: 'ready', height: 3, isPrimary: true, coordinator: { state: 'ready' } },
    { state: 'out', code: 'CHAIN_TIMED_OUT', coordinator: { state: 'ready' } },
  ]);
  await coordinatorLooks();
  const rows = await listChainNodes(database.kysely);
  expect(rows).toMatchObject([
    { state: 'ready', network_name: 'beepro-devnet-test', network_version: 28, height: 3, lag: 0 },
    { state: 'out', error_code: 'CHAIN_TIMED_OUT' },
  ]);
  expect(JSON.stringify([rows, nodes, stdout])).not.toContain(devnet.devnet.token);
  node.fault = 'none';
});

test('the head, and any method that reads', async () => {
  expect(await cli.json('chain', 'head')).toMatchObject({
    height: 3,
    network: 'beepro-devnet-test',
    version: 28,
  });
  expect((await cli.run('chain', 'head')).stdout).toMatch(/^height +3$/m);
  expect(await cli.json('chain', 'call', 'StateMinerInfo', 't01000')).toMatchObject({ SectorSize: 2048 });
  expect(await cli.json('chain', 'call', 'Filecoin.StateNetworkVersion', '[]')).toBe(28);
  expect((await cli.run('chain', 'call', 'StateNetworkName')).stdout).toBe('beepro-devnet-test\n');
  expect(await cli.failure('chain', 'call', 'StateMinerInfo', 't1')).toMatchObject({
    code: 'CHAIN_BAD_PARAMS',
  });
  expect(await cli.failure('chain', 'call', 'StateNothing')).toMatchObject({ code: 'CHAIN_METHOD_UNKNOWN' });
  expect(await cli.failure('chain', 'call', 'WalletNew', 'bls')).toMatchObject({
    exit: 2,
    code: 'CHAIN_CALL_WRITES',
  });
  expect(await cli.failure('chain', 'call', 'ChainSetHead', '[]')).toMatchObject({
    code: 'CHAIN_CALL_WRITES',
  });
  expect(await cli.json('chain', 'call', 'WalletNew', 'bls', '--write')).toMatch(/^t3/);
});

test('a node of another chain is refused, and shown for what it is', async () => {
  node.lies = { StateNetworkName: 'calibrationnet' };
  expect(await cli.failure('chain', 'add', node.url)).toMatchObject({ exit: 1, code: 'CHAIN_NODE_FOREIGN' });
  const { stdout } = await cli.run('chain', 'nodes');
  expect(stdout).toMatch(/foreign.*CHAIN_NODE_FOREIGN: its network is "calibrationnet"/);
  node.lies = {};
});

test('removed by the name that is shown; a secret with address and token in one; another chain after forgetting', async () => {
  expect(await cli.json('chain', 'remove', node.name)).toMatchObject({ removed: { url: node.url } });
  await cli.json('chain', 'add', 'env:FULLNODE_API_INFO', '--first');
  expect(await cli.json('chain', 'head')).toMatchObject({ node: 'env:FULLNODE_API_INFO', height: 3 });
  expect((await cli.run('chain', 'forget')).stdout).toContain('Give --yes');
  expect(await cli.json('chain', 'forget', '--yes')).toMatchObject({ forgotten: true });
  expect((await cli.run('chain', 'forget')).stdout).toContain('No chain is recorded');
});
