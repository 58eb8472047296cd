import {
  collateralRules,
  collateralToSend,
  lastProveCommitEpoch,
  proveCommitBytes,
  proveCommitParams,
} from '#chain';
import { idAddress, MINER_METHODS } from '#codec';
import { sealProofById } from '#core';
import type { Activity } from './batcher.ts';
import { settle } from './commit-watch.ts';
import { freeFunds } from './free-funds.ts';
import { followStanding, readStanding } from './standing.ts';

export const COMMIT: Activity = {
  name: 'commit',
  state: 'CommitBatching',
  method: MINER_METHODS.ProveCommitSectors3.number,
  refusedKind: 'commit-refused',
  lastEpoch: (sector, view) =>
    lastProveCommitEpoch(view.policy, sector.precommit_epoch ?? view.head, view.challengeDelay),
  bytes: proveCommitBytes,

  async check(modules, view, sector) {
    const standing = await readStanding(modules, view, sector);
    if (standing.standing === 'proven') {
      await settle(modules, view, sector, standing.sector);
      return false;
    }
    return followStanding(modules, sector, standing);
  },

  params: (_modules, _view, members) => proveCommitParams(members),

  /** The pledge, less the deposits that are freed by it. */
  async collateral(modules, view, members) {
    const [first] = members;
    if (!first) return 0n;
    const miner = idAddress(first.sector.miner, 't');
    const key = [...view.key];
    const bytes = sealProofById(first.sector.seal_proof)?.bytes ?? 0;
    const life = modules.settings.get('sector.lifetime', { miner: first.sector.miner });
    const [pledge, available, onChain] = await Promise.all([
      modules.chain.stateMinerInitialPledgeForSector(life, bytes, 0, key),
      freeFunds(modules, first.sector.miner),
      modules.chain.stateSectorPreCommitInfo(miner, first.sector.number, key),
    ]);
    const each = pledge - (onChain?.preCommitDeposit ?? 0n);
    const rules = collateralRules(modules.settings, first.sector.miner);
    return each > 0n ? collateralToSend(each * BigInt(members.length), available, rules) : 0n;
  },

  assigned: (message) => ({ type: 'commit-assigned', message }),
};
