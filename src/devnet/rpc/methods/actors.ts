import { ACTOR_IDS, dagCborCid, encodeAs, idAddress, schema } from '#codec';
import type { CidString } from '#core';
import { LotusError } from '../../lotus-error.ts';
import { type Actor, circulatingSupply, findActor, miners } from '../../state/index.ts';
import { actorOf, stateOf } from '../context.ts';
import { defineHandlers } from '../handlers.ts';
import { ACTOR_CODES } from './actor-codes.ts';

const headSchema = schema.tuple({
  id: schema.uint,
  changed: schema.int,
  nonce: schema.uint,
  balance: schema.bigInt,
});

/** Names a version of an actor. It is no link into a state tree: this chain keeps none. */
export function headOf(actor: Actor): CidString {
  return dagCborCid(encodeAs(headSchema, actor, 'an actor head'));
}

export function codeOf(actor: Actor): CidString {
  return ACTOR_CODES[actor.code] ?? '';
}

export const ACTOR_HANDLERS = defineHandlers({
  StateGetActor: (context, address, key) => {
    const actor = actorOf(context, address, key);
    return {
      code: codeOf(actor),
      head: headOf(actor),
      nonce: actor.nonce,
      balance: actor.balance,
      delegatedAddress: null,
    };
  },
  StateReadState: (context, address, key) => {
    const actor = actorOf(context, address, key);
    return { balance: actor.balance, code: codeOf(actor), state: shownState(actor) };
  },
  StateAccountKey: (context, address, key) => {
    const actor = findActor(stateOf(context, key), address);
    if (!actor) throw new LotusError(`failed to get account actor state for ${address}: actor not found`);
    if (actor.code !== 'account' || actor.robustAddress === null)
      throw new LotusError(
        `failed to get account actor state for ${address}: actor code is not account: ${actor.code}`,
      );
    return actor.robustAddress;
  },
  StateLookupID: (context, address, key) => {
    const actor = findActor(stateOf(context, key), address);
    if (!actor)
      throw new LotusError(
        `resolution lookup failed (${address}): resolve address ${address}: actor not found`,
      );
    return idAddress(actor.id, 't');
  },
  StateLookupRobustAddress: (context, address, key) => {
    const { robustAddress } = actorOf(context, address, key);
    if (robustAddress === null)
      throw new LotusError('failed to get robust address: actor has no robust address');
    return robustAddress;
  },
  StateMarketBalance: () => ({ escrow: 0n, locked: 0n }),
  StateCirculatingSupply: (context, key) => circulatingSupply(stateOf(context, key), ACTOR_IDS.burntFunds),
  StateVMCirculatingSupplyInternal: (context, key) => {
    const state = stateOf(context, key);
    const locked = miners(state).reduce(
      (sum, { miner }) =>
        sum + (miner ? miner.initialPledge + miner.preCommitDeposits + miner.lockedFunds : 0n),
      0n,
    );
    return {
      filVested: 0n,
      filMined: 0n,
      filBurnt: state.actors.get(ACTOR_IDS.burntFunds)?.balance ?? 0n,
      filLocked: locked,
      filCirculating: circulatingSupply(state, ACTOR_IDS.burntFunds),
      filReserveDisbursed: 0n,
    };
  },
});

/** The fields of a state that are values; links into the state tree are not kept. */
function shownState({ miner, robustAddress }: Actor): unknown {
  if (!miner) return { Address: robustAddress };
  return {
    PreCommitDeposits: miner.preCommitDeposits.toString(),
    LockedFunds: miner.lockedFunds.toString(),
    FeeDebt: miner.feeDebt.toString(),
    InitialPledge: miner.initialPledge.toString(),
    ProvingPeriodStart: miner.provingPeriodStart,
    CurrentDeadline: miner.currentDeadline,
    EarlyTerminations: [0],
    DeadlineCronActive: miner.deadlineCronActive,
  };
}
