import { BeeproError, killPoint } from '#core';
import {
  type Database,
  type FlightRow,
  listMessageVersions,
  lockMessage,
  type MessageState,
  patchMessage,
  serverNow,
  transaction,
} from '#db';
import type { ChainApi } from '../rpc/index.ts';
import { highest } from './amounts.ts';
import { OPEN_GAS, selfSend } from './content.ts';
import type { MessageModules } from './context.ts';
import {
  decideFee,
  type Gas,
  leastFeeCap,
  marketGas,
  minimumReplacementPremium,
  overestimated,
  replacementGas,
} from './fee.ts';
import type { Market } from './market.ts';
import { CLEAR, reasonOf, setBack } from './setback.ts';

/** States from which a message may still be kept from the chain, or replaced there. */
const OUT: readonly MessageState[] = ['nonce', 'signed', 'pushed'];

/** Never signed, never sent: its members find out from the row. */
export async function giveUp(
  modules: Pick<MessageModules, 'db' | 'note'>,
  message: FlightRow,
  error: unknown,
  state: 'failed' | 'cancelled' = 'failed',
): Promise<void> {
  if (!(error instanceof BeeproError)) throw error;
  const ended = await patchMessage(modules.db.kysely, message.id, ['intent'], {
    ...reasonOf(message, error),
    state,
    final_at: serverNow,
  });
  if (ended) modules.note({ what: 'given-up', message, error });
}

/** Asks for the nonce of a message to be freed; the pump signs what frees it. False: it is past that, or asked already. */
export async function requestCancel(
  modules: Pick<MessageModules, 'db' | 'note'>,
  message: FlightRow,
  error: BeeproError,
): Promise<boolean> {
  if (message.cancel_code !== null) return false;
  const asked = await patchMessage(modules.db.kysely, message.id, OUT, {
    cancel_code: error.code,
    cancel_reason: error.message.slice(0, 1_000),
  });
  if (asked) modules.note({ what: 'cancelling', message, error });
  return asked;
}

/**
 * The row signs a transfer of nothing to its sender next, under its nonce, dear enough to replace what mempools have
 * of it. Whichever of the two lands, wins. What has lost its purpose is never made dearer itself.
 */
export async function prepareCancel(
  modules: MessageModules,
  node: ChainApi,
  market: Market,
  message: FlightRow,
): Promise<void> {
  const { nonce } = message;
  if (nonce === null || message.cancel_code === null || message.signs_cancel) return;
  try {
    const caps = modules.rules.caps(message, market.head);
    const open = selfSend(message.from_address, nonce, OPEN_GAS);
    const used = await node.gasEstimateGasLimit(open, []);
    const asked = marketGas(overestimated(used, caps), market, caps.premium);
    // A limit on the unit of gas would keep it from replacing what pays more already.
    const { maxFee } = caps;
    const newest = (await listMessageVersions(modules.db.kysely, message.id)).at(-1);
    const gas = newest
      ? replacing(
          { ...asked, feeCap: newest.gas_fee_cap, premium: newest.gas_premium },
          asked,
          market,
          maxFee,
        )
      : fresh(asked, market, maxFee);
    if (typeof gas === 'bigint')
      throw new BeeproError('MESSAGE_FEE_OVER_CAP', {
        needed: gas,
        cap: maxFee,
        purpose: `cancelling ${message.purpose}`,
      });
    const changed = await patchMessage(modules.db.kysely, message.id, [message.state], {
      ...CLEAR,
      state: 'nonce',
      signs_cancel: true,
      gas_limit: Number(gas.limit),
      gas_fee_cap: gas.feeCap,
      gas_premium: gas.premium,
      pushed_at: null,
      seen_at: null,
    });
    if (changed) killPoint('message.cancel-committed');
  } catch (error) {
    await setBack(modules, message, error);
  }
}

/** The gas, or what would be needed where the cap is in the way. */
function fresh(asked: Gas, market: Market, maxFee: bigint): Gas | bigint {
  const decision = decideFee(asked, market.baseFee, maxFee);
  return 'send' in decision ? decision.send : decision.wait.needed;
}

function replacing(old: Gas, asked: Gas, market: Market, maxFee: bigint): Gas | bigint {
  const gas = replacementGas(old, asked, maxFee);
  const least = leastFeeCap(market.baseFee);
  if (gas && gas.feeCap >= least) return gas;
  return old.limit * highest(minimumReplacementPremium(old.premium), least);
}

export interface Cancelled {
  readonly id: number;
  /** `deleted`: it was never signed. `replacing`: its nonce is being freed; the original may still win. */
  readonly how: 'deleted' | 'replacing';
  readonly nonce: number | null;
}

/**
 * By the operator's word. An intent is never sent; what holds a nonce is replaced.
 * @throws BeeproError `NOT_FOUND`, `MESSAGE_NOT_CANCELLABLE`
 */
export async function cancelMessage(db: Database, id: number, reason: string): Promise<Cancelled> {
  return transaction(db, async (trx) => {
    const row = await lockMessage(trx, id);
    const error = new BeeproError('MESSAGE_CANCELLED', { reason });
    if (row.state === 'intent') {
      const ended = { ...reasonOf(row, error), state: 'cancelled' as const, final_at: serverNow };
      await patchMessage(trx, id, ['intent'], ended);
      return { id, how: 'deleted', nonce: null };
    }
    if (!OUT.includes(row.state)) {
      const detail =
        row.state === 'landed' || row.state === 'final'
          ? `it was executed at epoch ${row.execution_epoch}`
          : `it has ended already (${row.state})`;
      throw new BeeproError('MESSAGE_NOT_CANCELLABLE', { id, detail });
    }
    if (row.cancel_code === null) {
      const asked = {
        cancel_code: error.code,
        cancel_reason: error.message.slice(0, 1_000),
        not_before: null,
      };
      await patchMessage(trx, id, OUT, asked);
    }
    return { id, how: 'replacing', nonce: row.nonce };
  });
}
