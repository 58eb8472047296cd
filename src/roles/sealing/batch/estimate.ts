import {
  type BatchVerdict,
  type Bisection,
  bisect,
  blameOf,
  messageLimit,
  type SectorWithPieces,
  signedBytes,
} from '#chain';
import { idAddress, prefixOf } from '#codec';
import { type AddressString, BeeproError, toBeeproError } from '#core';
import type { Activity, BatchPass } from './activity.ts';

/**
 * Has a node estimate the batch, and finds out by halves who is bad when it would be refused. `StateCall` would not do:
 * it does not see gas. What is asked is the plain gas limit (`GasEstimateGasLimit`, which `GasEstimateMessageGas` asks
 * itself), so that the operator's factor is the only one on it.
 */
export async function estimateBatch(
  pass: BatchPass,
  activity: Activity,
  members: readonly SectorWithPieces[],
  from: AddressString,
  signal: AbortSignal,
): Promise<Bisection<SectorWithPieces, BeeproError>> {
  const search = bisect<SectorWithPieces, BeeproError>(members);
  let step = search.next();
  while (!step.done) {
    step = search.next(await judge(pass, activity, step.value, from, signal));
  }
  return step.value;
}

/** What one estimate says of a set. An error that speaks of no member counts against none. */
export async function judge(
  pass: BatchPass,
  activity: Activity,
  members: readonly SectorWithPieces[],
  from: AddressString,
  signal: AbortSignal,
  aggregate?: Uint8Array,
): Promise<BatchVerdict<BeeproError>> {
  if (signal.aborted) {
    return { verdict: 'unknown', error: new BeeproError('TIMED_OUT', { what: 'a pass of batches', ms: 0 }) };
  }
  try {
    const params = activity.params(pass, members, aggregate);
    const bytes = signedBytes(params.length);
    const limit = messageLimit(pass.view.policy);
    if (bytes > limit) {
      const detail = `${bytes} bytes with ${members.length} sectors, the limit is ${limit}`;
      return { verdict: 'too-large', error: new BeeproError('CHAIN_MESSAGE_TOO_BIG', { detail }) };
    }
    const value = await activity.collateral(pass, members);
    const open = { version: 0, nonce: 0, gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n };
    const to = idAddress(pass.miner.id, prefixOf(from));
    const message = { ...open, to, from, value, method: activity.method, params };
    return { verdict: 'fits', gas: await pass.node.gasEstimateGasLimit(message, []) };
  } catch (caught) {
    const error = toBeeproError(caught);
    const blame = blameOf(error);
    if (blame === 'size') return { verdict: 'too-large', error };
    return { verdict: blame === 'member' ? 'refused' : 'unknown', error };
  }
}
