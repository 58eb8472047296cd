import { followHead } from '#chain';
import type { Epoch } from '#core';
import type { SealingModules } from './modules.ts';

export interface HeadListener {
  /** There is a new head, or one may have been missed. */
  readonly onHead: () => void;
  /** Tipsets down to this height were reverted. */
  readonly onReverted: (height: Epoch) => void;
}

/**
 * Tells of every change of the head for as long as `signal` allows: by `ChainNotify`, with the duties' own polling
 * as the net below a connection that is lost or silent.
 */
export async function watchHead(
  modules: SealingModules,
  listener: HeadListener,
  signal: AbortSignal,
): Promise<void> {
  const changes = followHead(modules.chain, {
    signal,
    onLost: (error, retryInMs) =>
      modules.log.warn({ event: 'chain.lost', code: error.code, retryInMs }, error.message),
  });
  for await (const change of changes) {
    if (change.type === 'revert') listener.onReverted(change.val.height);
    else listener.onHead();
  }
}
