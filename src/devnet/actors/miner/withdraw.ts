import type { AttoFil } from '#core';
import { illegalArgument, printFil } from '../actor-error.ts';
import { lesser } from '../amounts.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { availableBalance, minerOf, repayDebt, requireCaller } from './funds.ts';

/** Pays out what is not locked, at most as much as asked, to the owner. Source: builtin-actors `withdraw_balance`. */
export function withdrawBalance(
  runtime: Runtime,
  call: Invocation,
  params: { readonly amountRequested: AttoFil },
): AttoFil {
  if (params.amountRequested < 0n)
    throw illegalArgument(`negative fund requested for withdrawal: ${printFil(params.amountRequested)}`);
  const before = minerOf(runtime, call.receiver);
  requireCaller(call.caller, [before.info.owner]);
  const { balance } = runtime.actor(call.receiver);
  const available = availableBalance(before, balance);
  const { miner, burn } = repayDebt(before, balance);
  const amount = lesser(available, params.amountRequested);
  runtime.update(call.receiver, { miner });
  runtime.transfer(call.receiver, miner.info.owner, amount);
  runtime.burn(call.receiver, burn);
  return amount;
}
