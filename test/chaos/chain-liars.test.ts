import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'vitest';
import type { Faults } from '#devnet';
import { sealOverBadNodes } from './support/chain-under-fire.ts';
import { NODES, strikeNode } from './support/node-strikes.ts';

/**
 * Nodes that lag and lie, which calls alone do not tell: who is out of rotation is not asked. Each of the three in turn,
 * while two sectors go from pledge to `Proving`; at the end the audit, and the chain from its head down.
 */

const FOR_MS = 4_000;

describe.concurrent('each of three nodes in turn', () => {
  test.each<readonly [string, Partial<Faults>]>([
    ['lags', { lag: 20 }],
    ['names another network', { lie: { networkName: 'mainnet' } }],
    ['has another genesis', { lie: { otherGenesis: true } }],
    ['tells another network version', { lie: { networkVersion: 27 } }],
    ['tells a head that nobody made', { lie: { headAhead: 1_000 } }],
  ])('%s for a while', async (_what, fault) => {
    await sealOverBadNodes({ sectors: 2 }, async (fire) => {
      for (let node = 0; node < NODES; node += 1) {
        await strikeNode(fire, { node, fault, forMs: FOR_MS });
        await sleep(FOR_MS);
      }
    });
  });
});
