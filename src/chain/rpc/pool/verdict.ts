import type { Epoch, ErrorCode } from '#core';
import type { Breaker } from './breaker.ts';
import type { HeightVerdict } from './health.ts';

/**
 * `ready`: in rotation. `unknown`: not looked at yet, or not lately. `out`: it fails. `lagging`, `ahead`: it is not
 * where the chain is. `foreign`: it is on another chain.
 */
export type NodeState = 'ready' | 'unknown' | 'out' | 'lagging' | 'ahead' | 'foreign';

export interface NodeVerdict {
  readonly state: NodeState;
  /** Why it is not in rotation, or what is odd about it; empty for a node that is well. */
  readonly reason: string;
  readonly code: ErrorCode | undefined;
  /** Epochs behind the chain. */
  readonly lag: Epoch | undefined;
}

export interface NodeFacts {
  readonly breaker: Breaker;
  readonly failure: { readonly code: ErrorCode; readonly message: string } | undefined;
  /** Why its chain is another; undefined when it is not. */
  readonly foreign: string | undefined;
  /** Whether its chain and head are known from a look that is not too old. */
  readonly isFresh: boolean;
  /** Undefined when its head is not known. */
  readonly height: HeightVerdict | undefined;
  /** What the node says of its sync. */
  readonly syncing: string | undefined;
  readonly clockOff: Epoch | undefined;
}

/** Whether a node is in rotation, and why not. */
export function verdictOf(facts: NodeFacts): NodeVerdict {
  const { breaker, failure, foreign, isFresh, height, syncing, clockOff } = facts;
  const lag = height?.lag;
  if (foreign !== undefined) return { state: 'foreign', reason: foreign, code: 'CHAIN_NODE_FOREIGN', lag };
  if (breaker.kind === 'open') {
    const reason = failure?.message ?? 'it failed';
    return { state: 'out', reason, code: failure?.code ?? 'CHAIN_NODE_OUT', lag };
  }
  if (!isFresh || !height)
    return {
      state: 'unknown',
      reason: failure?.message ?? 'it has not been looked at lately',
      code: failure?.code,
      lag,
    };
  if (height.state === 'lagging') {
    const says = syncing === undefined ? '' : `; it says: ${syncing}`;
    return { state: 'lagging', reason: `${height.lag} epochs behind${says}`, code: 'CHAIN_NODE_OUT', lag };
  }
  if (height.state === 'ahead')
    return { state: 'ahead', reason: 'its head is ahead of the chain', code: 'CHAIN_NODE_OUT', lag };
  if (clockOff === undefined) return { state: 'ready', reason: '', code: undefined, lag };
  const where = clockOff > 0 ? 'ahead of' : 'behind';
  const reason = `${Math.abs(clockOff)} epochs ${where} this machine’s clock, like every node`;
  return { state: 'ready', reason, code: 'CHAIN_CLOCK_DISAGREES', lag };
}
