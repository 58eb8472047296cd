import { followHead } from '#chain';
import type { SealingModules } from './modules.ts';

/**
 * Tells of every change of the head for as long as `signal` allows, reverts too: by `ChainNotify`, with the duties'
 * own polling as the net below a connection that is lost or silent. What was reverted is not taken from here: a
 * notification can be missed, and another node is asked next time. See `reorg-watch.ts`.
 */
export async function watchHead(
  modules: SealingModules,
  onHead: () => void,
  signal: AbortSignal,
): Promise<void> {
  const changes = followHead(modules.chain, {
    signal,
    onLost: (error, retryInMs) =>
      modules.log.warn({ event: 'chain.lost', code: error.code, retryInMs }, error.message),
  });
  for await (const _change of changes) onHead();
}
