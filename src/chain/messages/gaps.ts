import { type AddressString, killPoint } from '#core';
import {
  type FlightRow,
  findByNonce,
  findMessage,
  insertWithNonce,
  isDuplicateKey,
  listNoncesOf,
  lockSender,
  lowerNextNonce,
  settleForeign,
  transaction,
} from '#db';
import type { ChainApi } from '../rpc/index.ts';
import type { SenderBook } from './accounts.ts';
import { OPEN_GAS, selfSend } from './content.ts';
import type { MessageModules } from './context.ts';
import { decideFor, overestimated } from './fee.ts';
import { unland } from './landing.ts';
import type { Market } from './market.ts';

/** The purpose of a message that does nothing but use its nonce. */
export const GAP_PURPOSE = 'gap';

export interface GapFacts {
  /** The sender's nonce on chain: the next that can be included. */
  readonly account: number;
  /** The highest next nonce of any mempool. */
  readonly inMempools: number;
  /** What this database would give next. */
  readonly next: number;
  /** The nonces that rows hold, from the account's up, in order. */
  readonly ours: readonly number[];
}

export type Gap =
  | { readonly is: 'none' }
  /** Rows of ours wait behind nonces that nothing uses. */
  | { readonly is: 'fill'; readonly nonces: readonly number[] }
  /** Nothing of ours waits: the counter goes back to what the chain expects. */
  | { readonly is: 'lower'; readonly to: number };

/** Whether the sender's next nonce is one that nobody is going to use: no row holds it, and no mempool has it. */
export function findGap({ account, inMempools, next, ours }: GapFacts): Gap {
  if (inMempools > account || next <= account || ours.includes(account)) return { is: 'none' };
  const [first] = ours;
  if (first === undefined) return { is: 'lower', to: account };
  const nonces = Array.from({ length: first - account }, (_, index) => account + index);
  return { is: 'fill', nonces };
}

/** Since when each sender was seen to have the gap that it has, by the database's clock. */
export class GapWatch {
  readonly #since = new Map<AddressString, { readonly account: number; readonly at: Date }>();

  /** How long the same nonce has been missing, in ms; the first look starts the count. */
  lasts(from: AddressString, account: number, now: Date): number {
    const seen = this.#since.get(from);
    if (seen?.account === account) return now.getTime() - seen.at.getTime();
    this.#since.set(from, { account, at: now });
    return 0;
  }

  ended(from: AddressString): void {
    this.#since.delete(from);
  }
}

export interface GapLook {
  readonly node: ChainApi;
  readonly market: Market;
  readonly from: AddressString;
  readonly account: number;
  readonly inMempools: number;
  readonly next: number;
  /** The sender's messages with a nonce. */
  readonly flights: readonly FlightRow[];
  readonly now: Date;
}

/** Fills a gap that has lasted, or counts it off. A foreign message that turns up after all takes its chance. */
export async function closeGap(
  modules: MessageModules,
  book: SenderBook,
  watch: GapWatch,
  look: GapLook,
): Promise<void> {
  const { from, account } = look;
  const ours = await listNoncesOf(modules.db.kysely, from, account);
  const gap = findGap({ ...look, ours });
  if (gap.is === 'none') {
    watch.ended(from);
    if (ours[0] === account && look.inMempools === account) await reviveEnded(modules, look);
    return;
  }
  const after = modules.rules.fillGapsAfterMs();
  if (after === 0 || watch.lasts(from, account, look.now) < after) return;
  if (gap.is === 'lower') {
    await transaction(modules.db, async (trx) => {
      await lockSender(trx, from);
      if ((await listNoncesOf(trx, from, account)).length > 0) return;
      // A message that was there and is gone shares its nonce with whatever comes next: not both can land.
      await settleForeign(trx, from, look.next);
      await lowerNextNonce(trx, from, gap.to);
      book.keep(from, gap.to);
    });
    return;
  }
  const waiting = look.flights.find((row) => row.nonce === ours[0]);
  if (waiting) for (const nonce of gap.nonces) await fill(modules, look, waiting, nonce);
  watch.ended(from);
}

/**
 * The next nonce is that of a message which had ended: a reorg deeper than what counts as final has taken it off the
 * chain, and later ones wait for it. A node that lags behind its execution cannot tell.
 */
async function reviveEnded(modules: MessageModules, { from, account, market }: GapLook): Promise<void> {
  const row = await findByNonce(modules.db.kysely, from, account);
  if (row?.execution_epoch != null && market.head >= row.execution_epoch) await unland(modules, row);
}

async function fill(
  modules: MessageModules,
  { node, market, from }: GapLook,
  waiting: FlightRow,
  nonce: number,
): Promise<void> {
  const used = await node.gasEstimateGasLimit(selfSend(from, nonce, OPEN_GAS), []);
  const caps = modules.rules.caps(waiting, market.head);
  const decision = decideFor(overestimated(used, caps), market, caps);
  if ('wait' in decision) return;
  const { limit, feeCap, premium } = decision.send;
  try {
    const id = await transaction(modules.db, async (trx) => {
      await lockSender(trx, from);
      return insertWithNonce(trx, {
        miner: waiting.miner,
        purpose: GAP_PURPOSE,
        from_address: from,
        to_address: from,
        method: 0,
        value: 0n,
        params: '',
        max_fee: caps.maxFee,
        nonce,
        gas_limit: Number(limit),
        gas_fee_cap: feeCap,
        gas_premium: premium,
      });
    });
    killPoint('message.gap-filled');
    const message = await findMessage(modules.db.kysely, id);
    if (message) modules.note({ what: 'gap-filled', message, nonce });
  } catch (error) {
    // Another has filled it.
    if (!isDuplicateKey(error)) throw error;
  }
}
