import type { ChainApi, ChainPool } from '#chain';

/** One node where a pool is asked for. */
export function poolOfOne(chain: ChainApi): ChainPool {
  return Object.assign(chain, {
    onOneNode: <T>(work: (node: ChainApi) => Promise<T>): Promise<T> => work(chain),
    inRotation: () => Promise.resolve([chain]),
  });
}
