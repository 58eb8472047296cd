import {
  chooseExpiration,
  collateralRules,
  collateralToSend,
  lastPreCommitEpoch,
  preCommitParams,
  preCommitVerdict,
  type SectorWithPieces,
} from '#chain';
import { fromHex, idAddress, MINER_METHODS, sealedCid, unsealedCid } from '#codec';
import { BeeproError, type Epoch } from '#core';
import { moveSector, type SectorEvent } from '#sector';
import type { Activity } from './batcher.ts';
import type { ChainView } from './chain-view.ts';
import { freeFunds } from './free-funds.ts';
import type { SealingModules } from './modules.ts';
import { ALREADY_PROVEN } from './standing.ts';

/** How many epochs after the head a message sent now is expected at the latest: the ticket must hold until then. */
const INCLUSION: Epoch = 10;
/** An info of a pre-commit is about this long; the CBOR of pieces is not in it. */
const INFO_BYTES = 160;

export const PRECOMMIT: Activity = {
  name: 'precommit',
  state: 'PreCommitBatching',
  method: MINER_METHODS.PreCommitSectorBatch2.number,
  refusedKind: 'precommit-refused',
  lastEpoch: (sector, view) => lastPreCommitEpoch(view.policy, sector.ticket_epoch ?? view.head),
  bytes: () => INFO_BYTES,

  async check(modules, view, sector) {
    const miner = idAddress(sector.miner, 't');
    const key = [...view.key];
    const isAllocated = await modules.chain.stateMinerSectorAllocated(miner, sector.number, key);
    const preCommit = isAllocated
      ? await modules.chain.stateSectorPreCommitInfo(miner, sector.number, key)
      : null;
    const proven =
      isAllocated && !preCommit ? await modules.chain.stateSectorGetInfo(miner, sector.number, key) : null;
    const verdict = preCommitVerdict(
      sector,
      { inclusion: view.head + INCLUSION, isAllocated, preCommit, sector: proven },
      view.policy,
    );
    if (verdict.verdict === 'send') return true;
    await moveSector(modules, sector, eventOf(verdict, sector.number));
    return false;
  },

  params: (modules, view, members) => preCommitParams(members, expirationFor(modules, view, members)),

  async collateral(modules, view, members) {
    const [first] = members;
    if (!first) return 0n;
    const { sector } = first;
    const miner = idAddress(sector.miner, 't');
    const info = {
      sealProof: sector.seal_proof,
      sectorNumber: sector.number,
      sealedCid: sealedCid(fromHex(sector.comm_r ?? '') ?? new Uint8Array()),
      sealRandEpoch: sector.ticket_epoch ?? 0,
      dealIds: [],
      expiration: expirationFor(modules, view, members),
      unsealedCid:
        first.pieces.length > 0 ? unsealedCid(fromHex(sector.comm_d ?? '') ?? new Uint8Array()) : null,
    };
    // The deposit is that of a sector full of verified data, whatever it holds (FIP-0076): the same for all.
    const [deposit, available] = await Promise.all([
      modules.chain.stateMinerPreCommitDepositForPower(miner, info, [...view.key]),
      freeFunds(modules, sector.miner),
    ]);
    const rules = collateralRules(modules.settings, sector.miner);
    return collateralToSend(deposit * BigInt(members.length), available, rules);
  },

  assigned: (message) => ({ type: 'precommit-assigned', message }),
};

function expirationFor(
  modules: SealingModules,
  view: ChainView,
  members: readonly SectorWithPieces[],
): Epoch {
  const miner = members[0]?.sector.miner;
  const life = modules.settings.get('sector.lifetime', { miner });
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
