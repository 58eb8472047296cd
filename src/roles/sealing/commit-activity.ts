import {
  collateralRules,
  collateralToSend,
  lastProveCommitEpoch,
  type PreCommitOnChain,
  type PreCommitStanding,
  preCommitStanding,
  proveCommitParams,
  type SectorWithPieces,
  seedEpoch,
} from '#chain';
import { MINER_METHODS } from '#codec';
import { type AttoFil, type SectorNumber, sealProofById } from '#core';
import type { SectorRow } from '#db';
import type { Activity, BatchPass } from './batch/activity.ts';
import { withoutWrongData } from './batch/data.ts';
import { settle } from './commit-watch.ts';
import { followStanding } from './standing.ts';

export const COMMIT: Activity = {
  name: 'commit',
  state: 'CommitBatching',
  method: MINER_METHODS.ProveCommitSectors3.number,
  refusedKind: 'commit-refused',
  form: 'commit',
  lastEpoch: (sector, view) =>
    lastProveCommitEpoch(view.policy, sector.precommit_epoch ?? view.head, view.challengeDelay),

  /**
   * PreCommitSectorBatch2 is all or nothing: one member of a message that landed at an epoch speaks for all of them.
   * Whom the chain says more of than that (proven already, another CommR) is asked about for itself.
   */
  async check(pass, members) {
    const good: SectorWithPieces[] = [];
    const groups = Map.groupBy(await withoutWrongData(pass, members), ({ sector }) => groupOf(sector));
    for (const group of groups.values()) {
      const [first] = group;
      if (!first) continue;
      const standing = await standingOf(pass, first.sector);
      const isOfAll = ['there', 'moved', 'gone', 'expired'].includes(standing.standing);
      for (const member of group) {
        const own = isOfAll || member === first ? standing : await standingOf(pass, member.sector);
        if (await mayGo(pass, member.sector, own)) good.push(member);
      }
    }
    return good;
  },

  params: (_pass, members, aggregate) => proveCommitParams(members, aggregate),

  /** The pledge, less the deposits that are freed by it. */
  async collateral(pass, members) {
    const [first] = members;
    if (!first) return 0n;
    const { node, reads, modules, miner } = pass;
    const bytes = sealProofById(first.sector.seal_proof)?.bytes ?? 0;
    const life = modules.settings.get('sector.lifetime', { miner: miner.id });
    const pledge = await reads.pledge(node, life, bytes);
    const speakers = Map.groupBy(members, ({ sector }) => groupOf(sector));
    let needed: AttoFil = 0n;
    for (const group of speakers.values()) {
      const found = group[0] ? await preCommitOf(pass, group[0].sector) : null;
      needed += (pledge - (found?.preCommitDeposit ?? 0n)) * BigInt(group.length);
    }
    return needed > 0n
      ? collateralToSend(needed, await pass.funds(), collateralRules(modules.settings, miner.id))
      : 0n;
  },

  assigned: (message) => ({ type: 'commit-assigned', message }),
  withheld: (code, message) => ({ type: 'commit-withheld', code, message }),
};

/** Who was pre-committed together. One that was refused is looked at alone: something is odd about it. */
function groupOf(sector: SectorRow): string {
  const alone = (sector.recoveries['commit.commit-refused'] ?? 0) > 0 || sector.precommit_message === null;
  return alone ? `sector ${sector.number}` : `${sector.precommit_message} at ${sector.precommit_epoch}`;
}

/** The pre-commit of the sector's group, by the one of them that was asked about first. */
function preCommitOf(pass: BatchPass, sector: SectorRow): Promise<PreCommitOnChain | null> {
  return pass.reads.preCommit(pass.node, pass.reads.speaker(groupOf(sector), sector.number));
}

async function standingOf(pass: BatchPass, sector: SectorRow): Promise<PreCommitStanding> {
  const { node, reads, view } = pass;
  const number: SectorNumber = sector.number;
  reads.speaker(groupOf(sector), number);
  const preCommit = await reads.preCommit(node, number);
  const proven = preCommit ? null : await reads.sector(node, number);
  const facts = { head: view.head, preCommit, sector: proven };
  return preCommitStanding(sector, facts, view.policy, view.challengeDelay);
}

/** True when it may go into a message now; what stands otherwise has been followed. */
async function mayGo(pass: BatchPass, sector: SectorRow, standing: PreCommitStanding): Promise<boolean> {
  const { modules, view } = pass;
  if (standing.standing === 'proven') {
    await settle(modules, view, sector, standing.sector);
    return false;
  }
  if (!(await followStanding(modules, sector, standing))) return false;
  // One that comes at the seed's epoch or before refuses the whole message: it waits for its next epoch.
  return view.head + 1 > seedEpoch(sector.precommit_epoch ?? view.head, view.challengeDelay);
}
