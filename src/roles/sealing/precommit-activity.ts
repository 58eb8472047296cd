import {
  chooseExpiration,
  collateralRules,
  collateralToSend,
  lastPreCommitEpoch,
  preCommitParams,
  preCommitVerdict,
  type SectorWithPieces,
} from '#chain';
import { fromHex, MINER_METHODS, type SectorPreCommitInfo, sealedCid, unsealedCid } from '#codec';
import { BeeproError, type Epoch } from '#core';
import { moveSector, type SectorEvent } from '#sector';
import type { Activity, BatchPass } from './batch/activity.ts';
import { withoutWrongData } from './batch/data.ts';
import { ALREADY_PROVEN } from './standing.ts';

/** How many epochs after the head a message sent now is expected at the latest: the ticket must hold until then. */
const INCLUSION: Epoch = 10;

export const PRECOMMIT: Activity = {
  name: 'precommit',
  state: 'PreCommitBatching',
  method: MINER_METHODS.PreCommitSectorBatch2.number,
  refusedKind: 'precommit-refused',
  form: 'precommit',
  lastEpoch: (sector, view) => lastPreCommitEpoch(view.policy, sector.ticket_epoch ?? view.head),

  /** One bitfield says of all of them which numbers are free; only of a taken one the chain is asked more. */
  async check(pass, members) {
    const { node, reads, view, modules } = pass;
    const allocated = await reads.allocated(node);
    const good: SectorWithPieces[] = [];
    for (const member of await withoutWrongData(pass, members)) {
      const { sector } = member;
      const isAllocated = allocated.has(sector.number);
      const preCommit = isAllocated ? await reads.preCommit(node, sector.number) : null;
      const proven = isAllocated && !preCommit ? await reads.sector(node, sector.number) : null;
      const verdict = preCommitVerdict(
        sector,
        { inclusion: view.head + INCLUSION, isAllocated, preCommit, sector: proven },
        view.policy,
      );
      if (verdict.verdict === 'send') good.push(member);
      else await moveSector(modules, sector, eventOf(verdict, sector.number));
    }
    return good;
  },

  params: (pass, members) => preCommitParams(members, expirationFor(pass)),

  async collateral(pass, members) {
    const [first] = members;
    if (!first) return 0n;
    const deposit = await pass.reads.deposit(pass.node, infoOf(pass, first));
    const rules = collateralRules(pass.modules.settings, pass.miner.id);
    return collateralToSend(deposit * BigInt(members.length), await pass.funds(), rules);
  },

  assigned: (message) => ({ type: 'precommit-assigned', message }),
  withheld: (code, message) => ({ type: 'precommit-withheld', code, message }),
};

function infoOf(pass: BatchPass, { sector, pieces }: SectorWithPieces): SectorPreCommitInfo {
  const bytes = (hex: string | null): Uint8Array => fromHex(hex ?? '') ?? new Uint8Array();
  return {
    sealProof: sector.seal_proof,
    sectorNumber: sector.number,
    sealedCid: sealedCid(bytes(sector.comm_r)),
    sealRandEpoch: sector.ticket_epoch ?? 0,
    dealIds: [],
    expiration: expirationFor(pass),
    unsealedCid: pieces.length > 0 ? unsealedCid(bytes(sector.comm_d)) : null,
  };
}

function expirationFor({ modules, view, miner }: BatchPass): Epoch {
  const life = modules.settings.get('sector.lifetime', { miner: miner.id });
  return chooseExpiration(view.policy, view.head, view.challengeDelay, life);
}

function eventOf(
  verdict: Exclude<ReturnType<typeof preCommitVerdict>, { verdict: 'send' }>,
  number: number,
): SectorEvent {
  switch (verdict.verdict) {
    case 'ticket-expired':
      return { type: 'ticket-expired' };
    case 'landed':
      return { type: 'precommit-landed', precommitEpoch: verdict.precommitEpoch, commR: verdict.commR };
    case 'proven':
      return ALREADY_PROVEN;
    case 'number-taken': {
      const { code, message } = new BeeproError('SECTOR_NUMBER_TAKEN', { number });
      return { type: 'park', code, reason: message };
    }
  }
}
