import type { ActorId, AttoFil } from '#core';
import type { MinerState } from '../../state/index.ts';
import { ActorError, EXIT, forbidden, printFil } from '../actor-error.ts';
import { lesser } from '../amounts.ts';
import type { Runtime } from '../runtime.ts';

/** Balance that nothing is locked against. Source: `get_unlocked_balance`. */
export function unlockedBalance(miner: MinerState, balance: AttoFil): AttoFil {
  return balance - miner.lockedFunds - miner.preCommitDeposits - miner.initialPledge;
}

/** As {@link unlockedBalance}, less what the miner owes. Source: `get_available_balance`. */
export function availableBalance(miner: MinerState, balance: AttoFil): AttoFil {
  return unlockedBalance(miner, balance) - miner.feeDebt;
}

/** The debt to burn; the miner then owes nothing. Source: `repay_debts`. */
export function repayDebt(miner: MinerState, balance: AttoFil): { miner: MinerState; burn: AttoFil } {
  const unlocked = unlockedBalance(miner, balance);
  if (unlocked < miner.feeDebt)
    throw new ActorError(
      EXIT.illegalState,
      `unlocked balance can not repay fee debt: unlocked balance can not repay fee debt (${printFil(unlocked)} < ${printFil(miner.feeDebt)})`,
    );
  return { miner: { ...miner, feeDebt: 0n }, burn: miner.feeDebt };
}

/** Source: `check_balance_invariants`. */
export function checkBalanceInvariants(miner: MinerState, balance: AttoFil): void {
  const minimum = miner.preCommitDeposits + miner.lockedFunds + miner.initialPledge;
  if (balance < minimum)
    throw new ActorError(
      EXIT.balanceInvariantsBroken,
      `balance invariants broken: balance ${printFil(balance)} below minimum ${printFil(minimum)}`,
    );
}

/** Source: `validate_immediate_caller_is` with worker, owner and control addresses. */
export function requireControl(miner: MinerState, caller: ActorId): void {
  const { worker, owner, controlAddresses } = miner.info;
  requireCaller(caller, [...controlAddresses, worker, owner]);
}

export function requireCaller(caller: ActorId, allowed: readonly ActorId[]): void {
  if (!allowed.includes(caller)) throw forbidden(`caller f0${caller} is not one of supported`);
}

export function minerOf(runtime: Runtime, id: ActorId): MinerState {
  const { miner } = runtime.actor(id);
  if (!miner) throw new Error(`actor ${id} is no miner`);
  return miner;
}

/**
 * Adds to the debt and pays of it what unlocked funds cover. Nothing vests here, so there is nothing else to pay from.
 * Source: `apply_penalty`, `repay_partial_debt_in_priority_order`.
 */
export function penalised(
  miner: MinerState,
  balance: AttoFil,
  penalty: AttoFil,
): { readonly miner: MinerState; readonly paid: AttoFil } {
  const debt = miner.feeDebt + penalty;
  const paid = lesser(unlockedBalance(miner, balance), debt);
  return { miner: { ...miner, feeDebt: debt - paid }, paid };
}
