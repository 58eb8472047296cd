import type { BeeproError } from '#core';

/**
 * Whom an error of an estimate is about. `member`: somebody in the batch; `size`: there are too many; `miner`: its
 * money, its rights, its sender: the same for every batch; `node`: nothing was learnt.
 */
export type Blame = 'member' | 'size' | 'miner' | 'node';

/**
 * Exit codes that speak of the sender or the miner as a whole: 1 to 6 of the system (sender, nonce, receiver, funds),
 * 18 (forbidden: not a control address, a consensus fault) and 19 (insufficient funds: deposit, pledge, debt).
 * Source: go-state-types `exitcode`; builtin-actors `miner` for when it returns them.
 */
const MINERS: readonly number[] = [1, 2, 3, 4, 5, 6, 18, 19];

export function blameOf(error: BeeproError): Blame {
  if (error.code === 'CHAIN_OUT_OF_GAS' || error.code === 'CHAIN_MESSAGE_TOO_BIG') return 'size';
  if (error.code !== 'CHAIN_EXECUTION_REVERTED') return 'node';
  const { exitCode } = error.data;
  // A revert whose code is not told is somebody's fault all the same: the bisection says whose.
  return typeof exitCode === 'number' && MINERS.includes(exitCode) ? 'miner' : 'member';
}
