import { type AddressString, type AttoFil, formatFil } from '#core';

/** An account that may send, with what it has. */
export interface FundedSender {
  readonly address: AddressString;
  readonly balance: AttoFil;
}

export interface PickedSender {
  readonly address: AddressString;
  readonly covers: boolean;
  /** For people. */
  readonly reason: string;
}

/**
 * The first that can pay what is needed; when none can, the richest, whose message then waits for money. Pure.
 * Undefined without candidates.
 */
export function pickSender(candidates: readonly FundedSender[], needed: AttoFil): PickedSender | undefined {
  const [first] = candidates;
  if (!first) return undefined;
  const able = candidates.find(({ balance }) => balance >= needed);
  if (able) {
    const passed = candidates.indexOf(able);
    const reason =
      passed === 0
        ? 'the first choice, and it covers what is needed'
        : `the first that covers ${formatFil(needed)}; ${passed} before it do not`;
    return { address: able.address, covers: true, reason };
  }
  const richest = candidates.reduce((best, one) => (one.balance > best.balance ? one : best), first);
  const others = candidates.length === 1 ? 'the only one' : `the richest of ${candidates.length}`;
  return {
    address: richest.address,
    covers: false,
    reason: `${others}, with ${formatFil(richest.balance)} of ${formatFil(needed)} needed`,
  };
}
