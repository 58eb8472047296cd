import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ConfiguredChain, createConfiguredChain } from '#chain';
import { isBeeproError } from '#core';
import { type Fault, FaultyNode, PresetSettings, waitFor } from '#testing';
import { startTestDevnet } from '../devnet/test-devnet.ts';

type Step =
  | { readonly kind: 'fault'; readonly node: number; readonly fault: Fault }
  | { readonly kind: 'lag'; readonly node: number; readonly lag: number }
  | { readonly kind: 'lie'; readonly node: number; readonly isLying: boolean }
  | { readonly kind: 'mine' }
  | { readonly kind: 'read'; readonly calls: number };

const node = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('fault' as const),
    node,
    fault: fc.constantFrom<Fault>('none', 'none', 'stall', 'refuse', 'die-after', 'bad-gateway'),
  }),
  fc.record({ kind: fc.constant('lag' as const), node, lag: fc.constantFrom(0, 0, 1, 6) }),
  fc.record({ kind: fc.constant('lie' as const), node, isLying: fc.boolean() }),
  fc.record({ kind: fc.constant('mine' as const) }),
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('read' as const), calls: fc.integer({ min: 1, max: 5 }) }),
  },
);

/**
 * Whatever goes wrong with three nodes, in whatever order: a read ends, is right or fails as what may go away; the head
 * goes back only with its own node's; and no answer comes of a node that was out of rotation when it was asked.
 */
test('no read gives an answer of a node out of rotation, and none hangs', async () => {
  await using devnet = await startTestDevnet();
  await devnet.devnet.control.mine(10);
  const property = fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), async (steps) => {
    await using open = new AsyncDisposableStack();
    const nodes: FaultyNode[] = [];
    for (let i = 0; i < 3; i += 1) nodes.push(open.use(await FaultyNode.start(devnet.devnet.url)));
    const settings = new PresetSettings()
      .set(
        'chain.nodes',
        nodes.map(({ url }) => ({ url, token: undefined })),
      )
      .set('chain.timeout', 400)
      .set('chain.probe_interval', 20)
      .set('chain.probe_timeout', 300)
      .set('chain.max_lag', 3)
      .set('chain.breaker.backoff', 20)
      .set('chain.breaker.max_backoff', 60);
    const pool = open.adopt(createConfiguredChain(settings), (chain) => chain.close());
    await waitFor(() => pool.chainHead());
    let highest = 0;
    for (const one of steps) {
      if (one.kind === 'read') highest = await readAll(pool, nodes, one.calls, highest);
      else if (one.kind === 'mine') await devnet.devnet.control.mine(1);
      else apply(one, nodes[one.node]);
    }
  });
  await fc.assert(property, { numRuns: 15 });
});

function apply(step: Exclude<Step, { kind: 'read' | 'mine' }>, node: FaultyNode | undefined): void {
  if (!node) return;
  if (step.kind === 'fault') {
    node.fault = step.fault;
    if (step.fault === 'refuse') node.cut();
  } else if (step.kind === 'lag') node.lag = step.lag;
  else node.lies = step.isLying ? { StateNetworkName: 'liar' } : {};
}

async function readAll(
  pool: ConfiguredChain,
  nodes: readonly FaultyNode[],
  calls: number,
  highest: number,
): Promise<number> {
  const before = pool.nodes();
  const out = before.filter(({ state }) => state === 'foreign').map(({ node }) => node);
  const asked = nodes.map((node) => node.count('WalletBalance'));
  let top = highest;
  for (let i = 0; i < calls; i += 1) {
    const primary = pool.node;
    const head = await pool.chainHead().catch(temporary);
    if (head) {
      if (pool.node === primary && nodes.every(({ lag }) => lag === 0))
        expect(head.height).toBeGreaterThanOrEqual(top);
      top = nodes.every(({ lag }) => lag === 0) ? head.height : 0;
    }
    const balance = await pool.walletBalance('t01000').catch(temporary);
    if (balance !== undefined) expect(balance).toEqual(expect.any(BigInt));
  }
  // One that was refused before is asked nothing, unless it has stopped lying in between.
  for (const [i, node] of nodes.entries())
    if (out.includes(node.name) && Object.keys(node.lies).length > 0)
      expect(node.count('WalletBalance')).toBe(asked[i]);
  return top;
}

/** What may go away by itself; anything else is a bug. */
function temporary(error: unknown): undefined {
  expect(
    isBeeproError(error) && (error.severity === 'temporary' || error.code === 'CHAIN_NODE_FOREIGN'),
  ).toBe(true);
  return undefined;
}
