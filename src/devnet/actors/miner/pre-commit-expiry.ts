import type { AttoFil, Epoch } from '#core';
import type { MinerState } from '../../state/index.ts';

/** Drops the pre-commits that were not proven in time; their deposits burn. Source: `cleanup_expired_pre_commits`. */
export function withoutExpiredPreCommits(
  miner: MinerState,
  epoch: Epoch,
): { readonly miner: MinerState; readonly burnt: AttoFil } {
  let burnt = 0n;
  let { preCommits, preCommitCleanUps } = miner;
  for (const bound of [...miner.preCommitCleanUps.keys()].filter((each) => each <= epoch)) {
    for (const number of preCommitCleanUps.get(bound) ?? []) {
      burnt += preCommits.get(number)?.deposit ?? 0n;
      preCommits = preCommits.delete(number);
    }
    preCommitCleanUps = preCommitCleanUps.delete(bound);
  }
  const preCommitDeposits = miner.preCommitDeposits - burnt;
  return { miner: { ...miner, preCommits, preCommitCleanUps, preCommitDeposits }, burnt };
}
