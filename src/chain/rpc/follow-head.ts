import { setTimeout as sleep } from 'node:timers/promises';
import { BeeproError, toBeeproError } from '#core';
import type { ChainApi } from './chain-api.ts';
import { backoffMs } from './pool/backoff.ts';
import type { HeadChange } from './wire/tipset.ts';

export interface FollowHeadOptions {
  readonly signal: AbortSignal;
  /** First and longest wait before connecting again, in ms. */
  readonly minBackoffMs?: number;
  readonly maxBackoffMs?: number;
  /** Told of each lost connection and when the next attempt is made. */
  readonly onLost?: (error: BeeproError, retryInMs: number) => void;
}

/**
 * Changes of the head for as long as `signal` allows: reconnects with back-off when the connection is lost. Each
 * connection begins with a `current`, from which the consumer finds out what it missed.
 */
export async function* followHead(
  chain: Pick<ChainApi, 'headChanges' | 'node'>,
  options: FollowHeadOptions,
): AsyncGenerator<HeadChange> {
  const { signal, minBackoffMs = 500, maxBackoffMs = 30_000 } = options;
  let failures = 0;
  while (!signal.aborted) {
    let loss: unknown;
    try {
      for await (const changes of chain.headChanges({ signal })) {
        failures = 0;
        yield* changes;
      }
      loss = new BeeproError('CHAIN_UNREACHABLE', {
        node: chain.node,
        method: 'ChainNotify',
        detail: 'the node ended the subscription',
      });
    } catch (error) {
      loss = error;
    }
    if (signal.aborted) return;
    const backoff = backoffMs(failures++, minBackoffMs, maxBackoffMs, Math.random());
    options.onLost?.(toBeeproError(loss), backoff);
    // Rejects only when the signal aborts, which the loop's condition sees.
    await sleep(backoff, undefined, { signal }).catch(() => undefined);
  }
}
