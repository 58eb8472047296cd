import { encodeParams, idAddress, METHOD_SEND, MINER_METHODS, prefixOf, sameAddress, toBase64 } from '#codec';
import type { Settings } from '#config';
import { type AddressString, type AttoFil, BeeproError, formatFil } from '#core';
import type { Executor, MinerRow } from '#db';
import { insertMessage } from '#db';
import { feeCaps } from '../messages/fee-caps.ts';
import type { MinerInfo } from '../rpc/index.ts';
import type { SenderChoice } from './choose-sender.ts';

/** A message about a miner's account, before it has a sender: what the row of it will say. */
export interface AccountMessage {
  readonly purpose: 'withdraw' | 'repay-debt' | 'control' | 'send';
  readonly method: number;
  readonly value: AttoFil;
  readonly params: Uint8Array;
  /** Default: the miner. */
  readonly to?: AddressString;
  /** What it does, as a sentence for whoever confirms it. */
  readonly says: string;
}

/**
 * WithdrawBalance: of what is not locked, to the beneficiary. The chain pays less when there is less; it is refused here,
 * so that nobody waits for money that does not come.
 * @throws BeeproError `MINER_BALANCE_SHORT`
 */
export function withdrawal(
  miner: AddressString,
  amount: AttoFil | 'all',
  facts: { readonly available: AttoFil; readonly beneficiary: AddressString },
): AccountMessage {
  const { available, beneficiary } = facts;
  const wanted = amount === 'all' ? available : amount;
  if (wanted <= 0n || wanted > available)
    throw new BeeproError('MINER_BALANCE_SHORT', {
      miner,
      wanted: amount === 'all' ? 'all' : formatFil(amount),
      available: formatFil(available),
    });
  return {
    purpose: 'withdraw',
    method: MINER_METHODS.WithdrawBalance.number,
    value: 0n,
    params: encodeParams(MINER_METHODS.WithdrawBalance, { amountRequested: wanted }),
    says: `withdraw ${formatFil(wanted)} of ${formatFil(available)} available from ${miner} to its beneficiary ${beneficiary}`,
  };
}

/**
 * RepayDebt burns what is owed from what the miner has unlocked and from rewards that still vest; `bring` is what the
 * sender adds.
 * @throws BeeproError `INPUT_INVALID` when nothing is owed
 */
export function debtRepayment(miner: AddressString, debt: AttoFil, bring: AttoFil): AccountMessage {
  if (debt <= 0n)
    throw new BeeproError('INPUT_INVALID', {
      what: `Repaying the debt of ${miner}`,
      detail: 'it owes nothing',
    });
  const added = bring > 0n ? `, to which its sender adds ${formatFil(bring)}` : '';
  return {
    purpose: 'repay-debt',
    method: MINER_METHODS.RepayDebt.number,
    value: bring,
    params: new Uint8Array(),
    says: `repay ${formatFil(debt)} of fee debt from the balance of ${miner}${added}`,
  };
}

/** The most that the actor takes. Source: builtin-actors `runtime/policy.rs`, `MAX_CONTROL_ADDRESSES`. */
const MAX_CONTROL_ADDRESSES = 10;

/**
 * ChangeWorkerAddress: the control addresses are these from then on; another worker takes 900 epochs and a confirmation.
 * @throws BeeproError `INPUT_INVALID`
 */
export function addressChange(
  miner: AddressString,
  info: Pick<MinerInfo, 'worker' | 'newWorker'>,
  change: { readonly control: readonly AddressString[]; readonly worker?: AddressString | undefined },
): AccountMessage {
  const { control, worker = info.worker } = change;
  if (control.length > MAX_CONTROL_ADDRESSES)
    throw new BeeproError('INPUT_INVALID', {
      what: 'The list of control addresses',
      detail: `it has ${control.length}, and the chain takes ${MAX_CONTROL_ADDRESSES}`,
    });
  const isNewWorker = !sameAddress(worker, info.worker);
  if (isNewWorker && info.newWorker !== null)
    throw new BeeproError('INPUT_INVALID', {
      what: 'The new worker',
      detail: `the change to ${info.newWorker} is not confirmed yet, and the chain keeps it`,
    });
  const list = control.length === 0 ? 'no control addresses' : `the control addresses ${control.join(', ')}`;
  const then = isNewWorker
    ? `, and ${worker} as its worker, which counts after 900 epochs and a confirmation`
    : '';
  return {
    purpose: 'control',
    method: MINER_METHODS.ChangeWorkerAddress.number,
    value: 0n,
    params: encodeParams(MINER_METHODS.ChangeWorkerAddress, {
      newWorker: worker,
      newControlAddresses: [...control],
    }),
    says: `give ${miner} ${list}${then}`,
  };
}

/** ConfirmChangeWorkerAddress. @throws BeeproError `INPUT_INVALID` when there is nothing to confirm, or not yet */
export function workerConfirmation(
  miner: AddressString,
  info: Pick<MinerInfo, 'newWorker' | 'workerChangeEpoch'>,
  head: number,
): AccountMessage {
  const refuse = (detail: string) => new BeeproError('INPUT_INVALID', { what: 'The confirmation', detail });
  if (info.newWorker === null) throw refuse('no new worker was asked for');
  // The actor does nothing before it is due, and says nothing of it.
  if (head < info.workerChangeEpoch)
    throw refuse(`the new worker counts from epoch ${info.workerChangeEpoch} on, now it is ${head}`);
  return {
    purpose: 'control',
    method: MINER_METHODS.ConfirmChangeWorkerAddress.number,
    value: 0n,
    params: new Uint8Array(),
    says: `make ${info.newWorker} the worker of ${miner}`,
  };
}

/** A plain transfer, on a miner's account in the books. */
export function transfer(to: AddressString, amount: AttoFil): AccountMessage {
  return {
    purpose: 'send',
    method: METHOD_SEND,
    value: amount,
    params: new Uint8Array(),
    to,
    says: `send ${formatFil(amount)} to ${to}`,
  };
}

/** What it may cost at most, by the settings now. */
export function accountFee(
  settings: Pick<Settings, 'get'>,
  miner: MinerRow,
  message: AccountMessage,
): AttoFil {
  const max_fee = settings.get('fee.other.max', { miner: miner.id });
  const row = { purpose: message.purpose, miner: miner.id, deadline_epoch: null, max_fee };
  return feeCaps(settings, row, 0).maxFee;
}

/** Records the intent, which the sealing role then signs and sends like any other. Returns the message's id. */
export async function recordAccountMessage(
  modules: { readonly db: Executor; readonly settings: Pick<Settings, 'get'> },
  miner: MinerRow,
  message: AccountMessage,
  sender: Pick<SenderChoice, 'address'>,
): Promise<number> {
  return insertMessage(modules.db, {
    miner: miner.id,
    purpose: message.purpose,
    from_address: sender.address,
    to_address: message.to ?? idAddress(miner.id, prefixOf(sender.address)),
    method: message.method,
    value: message.value,
    params: toBase64(message.params),
    max_fee: accountFee(modules.settings, miner, message),
  });
}
