import { type AttoFil, type BeeproError, type Epoch, toBeeproError } from '#core';
import { type FlightRow, patchMessage, serverNow, serverTimeIn } from '#db';
import type { MessageModules } from './context.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** Money and base fee change with every block, and by the operator's hand: looked at again soon. */
const LONGEST_WAIT_FOR_MONEY_MS = 10_000;
const MONEY: readonly string[] = ['MESSAGE_FEE_OVER_CAP', 'MESSAGE_SENDER_FUNDS', 'MESSAGE_MINER_FUNDS'];

/** Wait before try `n` of one step of a message (1 is the first), in ms. */
export function messageBackoffMs(n: number, code?: string): number {
  const longest = code !== undefined && MONEY.includes(code) ? LONGEST_WAIT_FOR_MONEY_MS : LONGEST_WAIT_MS;
  return Math.min(longest, FIRST_WAIT_MS * 2 ** Math.min(n - 1, 20));
}

/** What was learnt on the way and is kept for the next try. */
export interface Learnt {
  readonly fee_needed?: AttoFil;
  readonly max_fee?: AttoFil;
  readonly gas_limit?: number;
  readonly estimated_epoch?: Epoch;
}

/**
 * A step that cannot be done now: the message keeps its state and says why and since when. Messages are never given
 * up for an outage: the back-off is bounded, the number of tries is not.
 */
export async function setBack(
  modules: MessageModules,
  message: FlightRow,
  error: unknown,
  learnt: Learnt = {},
): Promise<void> {
  const failure: BeeproError = toBeeproError(error);
  const tries = message.tries + 1;
  await patchMessage(modules.db.kysely, message.id, [message.state], {
    fee_needed: null,
    ...learnt,
    tries,
    not_before: serverTimeIn(messageBackoffMs(tries, failure.code)),
    ...reasonOf(message, failure),
  });
  modules.note({ what: message.state === 'intent' ? 'waits' : 'retried', message, error: failure });
}

/** Why it waits, and since when: a reason that stays keeps its time. */
export function reasonOf(message: FlightRow, reason: BeeproError) {
  const isSame = message.error_code === reason.code && message.waits_since !== null;
  return {
    error_code: reason.code,
    error_message: reason.message.slice(0, 2_000),
    ...(isSame ? {} : { waits_since: serverNow }),
  };
}

/** The columns of a step that went well. */
export const CLEAR = {
  tries: 0,
  not_before: null,
  error_code: null,
  error_message: null,
  waits_since: null,
  fee_needed: null,
} as const;
