import { addressChange, debtRepayment, withdrawal, workerConfirmation } from '#chain';
import { idAddress, parseAddress } from '#codec';
import type { ActorId, AddressString, AttoFil } from '#core';
import { requireMiner, type SendOptions, sendAccountMessage } from './account-message.ts';
import type { CliContext } from './context.ts';
import { readMinerMoney } from './miner-accounts.ts';

async function read(context: CliContext, id: ActorId) {
  const miner = await requireMiner(context, id);
  const money = await readMinerMoney(await context.chain(), await context.settings(), miner);
  return { miner, address: idAddress(id, 't'), ...money };
}

export async function withdraw(
  context: CliContext,
  id: ActorId,
  amount: AttoFil | 'all',
  options: SendOptions,
): Promise<void> {
  const { miner, address, available, info } = await read(context, id);
  const message = withdrawal(address, amount, { available, beneficiary: info.beneficiary });
  await sendAccountMessage(context, miner, message, options);
}

/** @param bring what the sender adds to the miner's balance; default: what the unlocked balance lacks */
export async function repayDebt(
  context: CliContext,
  id: ActorId,
  options: SendOptions & { readonly bring?: AttoFil },
): Promise<void> {
  const { miner, address, standing } = await read(context, id);
  const lacking = standing.feeDebt - (standing.unlocked > 0n ? standing.unlocked : 0n);
  const bring = options.bring ?? (lacking > 0n ? lacking : 0n);
  await sendAccountMessage(context, miner, debtRepayment(address, standing.feeDebt, bring), options);
}

export async function setControl(
  context: CliContext,
  id: ActorId,
  control: readonly AddressString[],
  options: SendOptions & { readonly worker?: AddressString },
): Promise<void> {
  for (const given of [...control, ...(options.worker === undefined ? [] : [options.worker])])
    parseAddress(given);
  const { miner, address, info } = await read(context, id);
  const message = addressChange(address, info, { control, worker: options.worker });
  await sendAccountMessage(context, miner, message, options);
}

export async function confirmWorker(context: CliContext, id: ActorId, options: SendOptions): Promise<void> {
  const { miner, address, info, epoch } = await read(context, id);
  await sendAccountMessage(context, miner, workerConfirmation(address, info, epoch), options);
}
