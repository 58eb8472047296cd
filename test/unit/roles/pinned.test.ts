import { expect, it } from 'vitest';
import type { ChainApi, ChainPool } from '#chain';
import { pinnedTo } from '../../../src/roles/sealing/chain-view.ts';
import type { SealingModules } from '../../../src/roles/sealing/modules.ts';

/** A node whose answers say whose they are. */
function node(name: string): ChainApi {
  return { node: name, walletDefaultAddress: () => Promise.resolve(name) } as unknown as ChainApi;
}

it('a pass that is pinned asks one node whatever it asks, and still knows the others to push to', async () => {
  const [one, two] = [node('one'), node('two')];
  const pool = Object.assign(node('pool'), {
    onOneNode: <T>(work: (best: ChainApi) => Promise<T>) => work(two),
    inRotation: () => Promise.resolve([two, one]),
  }) as ChainPool;
  const modules = { chain: pool, log: 'kept' } as unknown as SealingModules;
  const pinned = pinnedTo(modules, one);
  expect(pinned.chain.node).toBe('one');
  expect(await pinned.chain.walletDefaultAddress()).toBe('one');
  expect(await pinned.chain.onOneNode((best) => best.walletDefaultAddress())).toBe('one');
  expect((await pinned.chain.inRotation()).map(({ node: name }) => name)).toEqual(['two', 'one']);
  expect(pinned.log).toBe('kept');
  expect(await modules.chain.walletDefaultAddress()).toBe('pool');
});
