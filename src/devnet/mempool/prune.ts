import type { AddressString } from '#core';
import type { ChainMessage } from '../chain/tipset.ts';

/**
 * What leaves a mempool that has grown too large: the end of the queues that pay least, so that no gap of nonces comes
 * up, and nothing of whose messages were pushed here. Source: Lotus `chain/messagepool/pruning.go`, without its search
 * for the best chains. Pure.
 */
export function prunedMessages(
  pending: readonly ChainMessage[],
  kept: ReadonlySet<AddressString>,
  limit: number,
): readonly ChainMessage[] {
  const queues = [...Map.groupBy(pending, ({ signed }) => signed.message.from)]
    .filter(([from]) => !kept.has(from))
    .map(([, messages]) => messages)
    .toSorted((a, b) => byPremium(leastPaying(a), leastPaying(b)));
  return queues
    .flatMap((messages) => messages.toSorted((a, b) => b.signed.message.nonce - a.signed.message.nonce))
    .slice(0, Math.max(0, pending.length - limit));
}

function leastPaying(messages: readonly ChainMessage[]): ChainMessage | undefined {
  return messages.toSorted(byPremium)[0];
}

function byPremium(a: ChainMessage | undefined, b: ChainMessage | undefined): number {
  const difference = (a?.signed.message.gasPremium ?? 0n) - (b?.signed.message.gasPremium ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
