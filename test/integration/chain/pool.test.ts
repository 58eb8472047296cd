import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConfiguredChain, createConfiguredChain, followHead, type NodeView } from '#chain';
import type { ErrorCode } from '#core';
import { isBeeproError } from '#core';
import { FaultyNode, PresetSettings, waitFor } from '#testing';
import { startTestDevnet, type TestDevnet } from '../devnet/test-devnet.ts';

let open: AsyncDisposableStack;
let chainOf: TestDevnet;
let nodes: [FaultyNode, FaultyNode, FaultyNode];
let settings: PresetSettings;
let pool: ConfiguredChain;
let told: { level: string; code?: string | undefined; event: string }[];

const withCode = (code: ErrorCode) => expect.toSatisfy((error: unknown) => isBeeproError(error, code));

beforeEach(async () => {
  open = new AsyncDisposableStack();
  chainOf = open.use(await startTestDevnet());
  await chainOf.devnet.control.mine(5);
  const start = async () => open.use(await FaultyNode.start(chainOf.devnet.url));
  nodes = [await start(), await start(), await start()];
  settings = new PresetSettings()
    .set(
      'chain.nodes',
      nodes.map(({ url }) => ({ url, token: undefined })),
    )
    .set('chain.probe_interval', 100)
    .set('chain.probe_timeout', 1_500)
    .set('chain.timeout', 1_000)
    .set('chain.breaker.backoff', 50)
    .set('chain.breaker.max_backoff', 200);
  told = [];
  const teller = (level: string) => (facts: { event: string; code?: string }) =>
    told.push({ level, event: facts.event, code: facts.code });
  const log = { error: teller('error'), warn: teller('warn'), info: teller('info') };
  pool = open.adopt(createConfiguredChain(settings, { log: log as never }), (opened) => opened.close());
});
afterEach(() => open.disposeAsync());

const view = (node: FaultyNode): NodeView => {
  const found = pool.nodes().find(({ setting }) => setting.url === node.url);
  if (!found) throw new Error('no such node');
  return found;
};
const isState = (node: FaultyNode, state: NodeView['state']) =>
  waitFor(async () => {
    await pool.chainHead().catch(() => undefined);
    return view(node).state === state;
  });
const key = async () => (await pool.chainHead()).cids;

describe('who is asked', () => {
  test('heads come from the first node, what a tipset pins from all that have it', async () => {
    const cids = await key();
    await waitFor(() => nodes.every((node) => view(node).state === 'ready'));
    const seen = new Set<number>();
    await waitFor(async () => {
      for (let number = 0; number < 40; number++)
        await pool.stateMinerSectorAllocated('t01000', number + seen.size, cids);
      for (const [i, node] of nodes.entries()) if (node.count('StateMinerSectorAllocated') > 0) seen.add(i);
      return seen.size === 3;
    });
    expect(pool.node).toBe(nodes[0].name);
    expect((await pool.inRotation()).map(({ node }) => node)).toEqual(nodes.map(({ name }) => name));
  });

  test('calls that belong together go to one node', async () => {
    const asked = await pool.onOneNode(async (node) => {
      const { cids } = await node.chainHead();
      await node.stateMinerInfo('t01000', cids);
      await node.stateMinerPower('t01000', cids);
      return node.node;
    });
    const others = nodes.filter(({ name }) => name !== asked);
    for (const node of others) {
      expect(node.count('StateMinerInfo')).toBe(0);
      expect(node.count('StateMinerPower')).toBe(0);
    }
  });

  test('identical calls under way are one, and a pinned answer is asked for once', async () => {
    const cids = await key();
    for (const node of nodes) node.delayMs = 30;
    const answers = await Promise.all(Array.from({ length: 20 }, () => pool.stateMinerInfo('t01000', cids)));
    expect(new Set(answers.map(({ owner }) => owner)).size).toBe(1);
    await pool.stateMinerInfo('t01000', cids);
    expect(nodes.reduce((sum, node) => sum + node.count('StateMinerInfo'), 0)).toBe(1);
  });

  test('a node gets no more calls at once than it may, the others wait or are refused', async () => {
    settings.set('chain.nodes', [{ url: nodes[0].url, token: undefined }]).set('chain.max_calls', 2);
    settings.set('chain.max_waiting', 3);
    await key();
    nodes[0].fault = 'stall';
    nodes[0].only = new Set(['StateMinerInfo', 'WalletBalance']);
    const all = Array.from({ length: 6 }, () =>
      pool.walletBalance('t01000').catch((error: unknown) => error),
    );
    expect(await Promise.race(all)).toEqual(withCode('CHAIN_BUSY'));
    expect(view(nodes[0])).toMatchObject({ running: 2, waiting: 3 });
    await waitFor(() => nodes[0].count('WalletBalance') === 2);
  });
});

describe('a node that', () => {
  test('stalls costs one time-out, and is out of rotation until it answers again', async () => {
    const cids = await key();
    nodes[0].fault = 'stall';
    nodes[0].only = new Set(['WalletBalance']);
    const calls = Array.from({ length: 10 }, () => pool.walletBalance('t01000'));
    expect(await Promise.all(calls)).toEqual(Array(10).fill(expect.any(BigInt)));
    expect(told).toContainEqual({ level: 'warn', event: 'chain.node-out', code: 'CHAIN_TIMED_OUT' });
    const before = nodes[0].count('WalletBalance');
    // A look finds it well again, for it stalls in this one call only; once it stalls altogether it stays out.
    nodes[0].only = undefined;
    await isState(nodes[0], 'out');
    expect(nodes[0].count('WalletBalance')).toBe(before);
    await pool.stateMinerInfo('t01000', cids);
    expect((await pool.inRotation()).map(({ node }) => node)).not.toContain(nodes[0].name);
    nodes[0].fault = 'none';
    await isState(nodes[0], 'ready');
    expect(told).toContainEqual({ level: 'info', event: 'chain.node-ready', code: undefined });
  });

  test.each(['refuse', 'bad-gateway'] as const)('does "%s" is passed over', async (fault) => {
    await key();
    nodes[0].fault = fault;
    nodes[0].cut();
    expect(await pool.walletBalance('t01000')).toEqual(expect.any(BigInt));
    await isState(nodes[0], 'out');
  });

  test('lags is out, and the head does not go back with it', async () => {
    const { height } = await pool.chainHead();
    nodes[0].lag = 4;
    nodes[1].lag = 4;
    nodes[2].lag = 4;
    // Within the tolerance: all are asked on, and the one that gave the head may take it back.
    settings.set('chain.max_lag', 10);
    expect((await pool.chainHead()).height).toBe(height - 4);
    for (const node of nodes) node.lag = 0;
    await pool.chainHead();
    nodes[0].fault = 'refuse';
    nodes[0].cut();
    nodes[1].lag = 4;
    nodes[2].lag = 4;
    await isState(nodes[0], 'out');
    expect((await pool.chainHead()).height).toBe(height);
    await chainOf.devnet.control.mine(5);
    expect((await pool.chainHead()).height).toBe(height + 1);
    settings.set('chain.max_lag', 2);
    nodes[2].lag = 0;
    await isState(nodes[1], 'lagging');
    expect(view(nodes[1])).toMatchObject({ lag: 4, reason: '4 epochs behind' });
  });

  test('does not have the tipset yet is not asked about it', async () => {
    settings.set('chain.max_lag', 10);
    await key();
    nodes[1].lag = 3;
    nodes[2].lag = 3;
    await chainOf.devnet.control.mine(1);
    const cids = await key();
    for (let number = 0; number < 30; number++)
      await pool.stateMinerSectorAllocated('t01000', 100 + number, cids);
    // The second and third may be tried once each, and are believed.
    expect(nodes[0].count('StateMinerSectorAllocated')).toBeGreaterThanOrEqual(28);
  });

  test.each([
    ['its network', { StateNetworkName: 'mainnet' }],
    ['its genesis', { ChainGetGenesis: undefined }],
    ['its network version', { StateNetworkVersion: 27 }],
    ['a version that only it has', { StateNetworkVersion: 99 }],
  ])('lies about %s is refused and told', async (_what, lies) => {
    const genesis = (await nodes[2].ask('ChainGetGenesis', [])).body.result as object;
    const other = { Cids: [{ '/': 'bafy2bzacecnamqgqmifpluoeldx7zzglxcljo6oja4vrmtj7432rphldpdmm2' }] };
    const told99 = 'ChainGetGenesis' in lies ? { ChainGetGenesis: { ...genesis, ...other } } : lies;
    nodes[0].lies = told99;
    await key();
    await isState(nodes[0], 'foreign');
    expect(told).toContainEqual({ level: 'error', event: 'chain.node-foreign', code: 'CHAIN_NODE_FOREIGN' });
    expect((await pool.inRotation()).map(({ node }) => node)).toEqual([nodes[1].name, nodes[2].name]);
    const used = nodes[0].calls.filter(({ method }) => method === 'WalletBalance');
    await pool.walletBalance('t01000');
    expect(nodes[0].count('WalletBalance')).toBe(used.length);
  });

  test('dies after a push has pushed: the same bytes go to another, which is harmless', async () => {
    process.env.BEEPRO_TEST_TOKEN = chainOf.devnet.token;
    open.defer(() => void delete process.env.BEEPRO_TEST_TOKEN);
    settings.set(
      'chain.nodes',
      nodes.map(({ url }) => ({ url, token: 'env:BEEPRO_TEST_TOKEN' })),
    );
    const worker = chainOf.worker;
    const message = {
      ...{ version: 0, to: 't01000', from: worker, nonce: 0, value: 1n, method: 0, params: new Uint8Array() },
      ...{ gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n },
    };
    const filled = await chainOf.lotus.gasEstimateMessageGas(message, { maxFee: 10n ** 18n }, []);
    const signed = await chainOf.lotus.walletSignMessage(worker, filled);
    await key();
    const dying = nodes.find(({ name }) => name === pool.node);
    if (!dying) throw new Error('no primary');
    dying.fault = 'die-after';
    dying.only = new Set(['MpoolPush', 'MpoolPushMessage']);
    const asked = (method: string) => nodes.reduce((sum, node) => sum + node.count(method), 0);
    await pool.mpoolPush(signed).catch((error: unknown) => {
      // The first did it: the second says that it has it already, as one mempool is behind both here.
      expect(error).toEqual(withCode('CHAIN_NONCE_TAKEN'));
    });
    expect([dying.count('MpoolPush'), asked('MpoolPush')]).toEqual([1, 2]);
    // What the node would sign itself is never given to a second one.
    await waitFor(async () => (await pool.chainHead()) && pool.node === dying.name);
    const push = pool.mpoolPushMessage(message, null);
    await expect(push).rejects.toEqual(withCode('CHAIN_UNREACHABLE'));
    expect([dying.count('MpoolPushMessage'), asked('MpoolPushMessage')]).toEqual([1, 1]);
  });

  test('has a token that allows less serves what it may, and another the rest', async () => {
    process.env.BEEPRO_TEST_TOKEN = chainOf.devnet.tokenFor('read');
    open.defer(() => void delete process.env.BEEPRO_TEST_TOKEN);
    settings.set('chain.nodes', [
      { url: nodes[0].url, token: 'env:BEEPRO_TEST_TOKEN' },
      { url: nodes[1].url, token: 'env:BEEPRO_TEST_ADMIN' },
    ]);
    process.env.BEEPRO_TEST_ADMIN = chainOf.devnet.token;
    open.defer(() => void delete process.env.BEEPRO_TEST_ADMIN);
    await waitFor(async () => (await pool.chainHead()) && pool.node === nodes[0].name);
    expect(await pool.walletList()).toContain(chainOf.worker);
    expect(await pool.walletList()).toContain(chainOf.worker);
    expect(nodes.map((node) => node.count('WalletList'))).toEqual([1, 2, 0]);
    expect(view(nodes[0])).toMatchObject({ state: 'ready', errors: 0 });
    // A token that is replaced while nobody else may counts at once.
    settings.set('chain.nodes', [{ url: nodes[0].url, token: 'env:BEEPRO_TEST_TOKEN' }]);
    await expect(pool.walletList()).rejects.toEqual(withCode('CHAIN_AUTH_REFUSED'));
    process.env.BEEPRO_TEST_TOKEN = chainOf.devnet.token;
    expect(await pool.walletList()).toContain(chainOf.worker);
  });

  test('has no such method is not asked for it again, and is as well as ever', async () => {
    nodes[0].unknown = new Set(['WalletBalance', 'NodeStatus', 'SyncState']);
    await pool.walletBalance('t01000');
    await pool.walletBalance('t01001');
    expect(nodes[0].count('WalletBalance')).toBe(1);
    expect(view(nodes[0])).toMatchObject({ state: 'ready', errors: 0 });
    expect(nodes[0].count('NodeStatus')).toBe(1);
  });
});

test('when nobody can be asked, that is said of each, and the first that is back is asked', async () => {
  for (const node of nodes) node.fault = 'refuse';
  await expect(pool.chainHead()).rejects.toEqual(withCode('CHAIN_NODES_OUT'));
  await expect(pool.inRotation()).rejects.toMatchObject({ code: 'CHAIN_NODES_OUT' });
  nodes[2].fault = 'none';
  await waitFor(async () => (await pool.chainHead()).height === 5);
  settings.set('chain.nodes', [{ url: nodes[0].url, token: undefined }]);
  await expect(pool.chainHead()).rejects.toEqual(withCode('CHAIN_UNREACHABLE'));
});

test('a network that was upgraded is believed when most nodes say so', async () => {
  await key();
  nodes[0].lies = { StateNetworkVersion: 29 };
  nodes[1].lies = { StateNetworkVersion: 29 };
  settings.set('chain.breaker.failures', 1);
  for (const node of nodes.slice(0, 2)) {
    node.fault = 'refuse';
    node.cut();
    await isState(node, 'out');
    node.fault = 'none';
  }
  await isState(nodes[0], 'ready');
  await isState(nodes[1], 'ready');
  // Who has missed the upgrade is on a fork.
  await isState(nodes[2], 'foreign');
  expect(view(nodes[0]).identity?.networkVersion).toBe(29);
});

test('a wrong clock of this machine is noticed, and puts no node out', async () => {
  await key();
  // The devnet's genesis lies years back, and its clock stands.
  expect(view(nodes[0])).toMatchObject({ state: 'ready', code: 'CHAIN_CLOCK_DISAGREES' });
  expect(told.filter(({ code }) => code === 'CHAIN_CLOCK_DISAGREES')).toHaveLength(1);
});

test('who follows the head goes on at another node when its own is out', async () => {
  const stop = new AbortController();
  const heights: number[] = [];
  const lost: string[] = [];
  const following = (async () => {
    const options = { signal: stop.signal, minBackoffMs: 10, maxBackoffMs: 20 };
    for await (const change of followHead(pool, { ...options, onLost: (error) => lost.push(error.code) }))
      heights.push(change.val.height);
  })();
  await waitFor(() => heights.includes(5));
  const own = nodes.find(({ name }) => name === pool.node);
  if (own) own.fault = 'stall';
  await waitFor(() => lost.includes('CHAIN_NODE_OUT'));
  await chainOf.devnet.control.mine(1);
  await waitFor(() => heights.includes(6));
  expect(pool.node).not.toBe(own?.name);
  stop.abort();
  await following;
});

test('over WebSocket: many calls on one connection, which is made again when it is lost', async () => {
  const ws = nodes[0].url.replace('http', 'ws');
  settings.set('chain.nodes', [{ url: ws, token: undefined }]);
  const cids = await key();
  const numbers = Array.from({ length: 50 }, (_, number) => number);
  await Promise.all(numbers.map((number) => pool.stateMinerSectorAllocated('t01000', number, cids)));
  await expect(pool.stateAccountKey('t01000', [])).rejects.toEqual(withCode('CHAIN_NOT_AN_ACCOUNT'));
  nodes[0].cut();
  await waitFor(async () => (await pool.walletBalance('t01000')) >= 0n);
  nodes[0].fault = 'stall';
  await expect(pool.walletBalance('t01000')).rejects.toEqual(withCode('CHAIN_TIMED_OUT'));
});
