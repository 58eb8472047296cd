import type { ActorId, AddressString, Epoch } from '#core';
import type { MinerInfo } from '../../state/index.ts';
import { forbidden, illegalArgument } from '../actor-error.ts';
import { resolveWorker } from '../power/create-miner.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { checkBalanceInvariants, minerOf, requireCaller, requireControl, unlockedBalance } from './funds.ts';

/** Source: builtin-actors `runtime/policy.rs`, `MAX_CONTROL_ADDRESSES` and `WORKER_KEY_CHANGE_DELAY`. */
const MAX_CONTROL_ADDRESSES = 10;
const WORKER_KEY_CHANGE_DELAY: Epoch = 900;

/** Burns as much of the debt as the unlocked balance covers; nothing vests here. Source: `repay_debt`. */
export function repayFeeDebt(runtime: Runtime, call: Invocation): undefined {
  const miner = minerOf(runtime, call.receiver);
  requireControl(miner, call.caller);
  const unlocked = unlockedBalance(miner, runtime.actor(call.receiver).balance);
  const isCovered = unlocked >= miner.feeDebt;
  const burn = isCovered ? miner.feeDebt : unlocked;
  runtime.update(call.receiver, { miner: { ...miner, feeDebt: miner.feeDebt - burn } });
  runtime.burn(call.receiver, burn);
  checkBalanceInvariants(minerOf(runtime, call.receiver), runtime.actor(call.receiver).balance);
}

/**
 * Control addresses change at once, the worker after 900 epochs and a confirmation; a change that is pending stays.
 * Source: `change_worker_address`.
 */
export function changeWorkerAddress(
  runtime: Runtime,
  call: Invocation,
  params: { readonly newWorker: AddressString; readonly newControlAddresses: readonly AddressString[] },
): undefined {
  const { length } = params.newControlAddresses;
  if (length > MAX_CONTROL_ADDRESSES)
    throw illegalArgument(
      `control addresses length ${length} exceeds max control addresses length ${MAX_CONTROL_ADDRESSES}`,
    );
  const worker = resolveWorker(runtime, params.newWorker);
  const controlAddresses = params.newControlAddresses.map((address): ActorId => {
    const id = runtime.resolve(address);
    if (id !== undefined) return id;
    throw illegalArgument(`unable to resolve control address: ${address.replace(/^t/, 'f')}`);
  });
  const miner = minerOf(runtime, call.receiver);
  requireCaller(call.caller, [miner.info.owner]);
  const isNew = worker !== miner.info.worker && !miner.info.pendingWorker;
  const info: MinerInfo = {
    ...miner.info,
    controlAddresses,
    ...(isNew && { pendingWorker: { worker, effectiveAt: runtime.env.epoch + WORKER_KEY_CHANGE_DELAY } }),
  };
  runtime.update(call.receiver, { miner: { ...miner, info } });
}

/** Does nothing before the change is due. Source: `process_pending_worker`. */
export function confirmChangeWorkerAddress(runtime: Runtime, call: Invocation): undefined {
  const miner = minerOf(runtime, call.receiver);
  requireCaller(call.caller, [miner.info.owner]);
  const { pendingWorker, ...info } = miner.info;
  if (!pendingWorker || runtime.env.epoch < pendingWorker.effectiveAt) return;
  runtime.update(call.receiver, { miner: { ...miner, info: { ...info, worker: pendingWorker.worker } } });
}

/** Up to and with `consensusFaultElapsed`. Source: `consensus_fault_active`. @throws ActorError */
export function refuseDuringFault(info: MinerInfo, epoch: Epoch, what: string): void {
  if (epoch <= (info.consensusFaultElapsed ?? -1))
    throw forbidden(`${what} not allowed during active consensus fault`);
}
