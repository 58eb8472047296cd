import { FEE_PURPOSES, type FeePurpose, type Settings } from '#config';
import type { AttoFil, Epoch } from '#core';
import type { MessageRow } from '#db';

/** What a message may cost now. Amounts are attoFIL. */
export interface FeeCaps {
  /** For the whole message. */
  readonly maxFee: AttoFil;
  /** For one unit of gas, premium included; undefined: whatever `maxFee` allows. */
  readonly feeCap: AttoFil | undefined;
  /** Of that, for the block's miner; undefined: whatever the fee cap allows. */
  readonly premium: AttoFil | undefined;
  /** Factor on the estimated gas limit. */
  readonly overestimation: number;
  /** Its last useful epoch is near: the higher limit counts, and no limit on a unit of gas. */
  readonly isUrgent: boolean;
}

/** The part of a message's row that its limits depend on. */
export type FeeSubject = Pick<MessageRow, 'purpose' | 'miner' | 'deadline_epoch' | 'max_fee'>;

/** Purposes of rows that have no settings of their own, by those that count for them. */
const STANDS_FOR: Readonly<Record<string, FeePurpose>> = { 'repay-debt': 'other', control: 'other' };

/** The purpose whose settings count for a row; undefined when its own `max_fee` does. */
export function feePurposeOf(purpose: string): FeePurpose | undefined {
  return FEE_PURPOSES.find((known) => known === purpose) ?? STANDS_FOR[purpose];
}

/**
 * The limits of a message at `head`, by the settings as they are now. Before its deadline, as long as
 * `fee.<purpose>.urgent_within` says, the higher limit counts, and those on a unit of gas no longer do: what must not
 * wait pays what the chain asks. A message of a purpose without settings may cost what its row says. Pure.
 */
export function feeCaps(settings: Pick<Settings, 'get'>, row: FeeSubject, head: Epoch): FeeCaps {
  const { miner } = row;
  const own = feePurposeOf(row.purpose);
  const purpose = own ?? 'other';
  const within = settings.get(`fee.${purpose}.urgent_within`, { miner });
  const isUrgent = within > 0 && row.deadline_epoch !== null && head >= row.deadline_epoch - within;
  const max = own === undefined ? row.max_fee : settings.get(`fee.${purpose}.max`, { miner });
  const urgentMax = settings.get(`fee.${purpose}.urgent_max`, { miner });
  return {
    maxFee: isUrgent && urgentMax > max ? urgentMax : max,
    feeCap: isUrgent ? undefined : settings.get(`fee.${purpose}.fee_cap`, { miner }),
    premium: isUrgent ? undefined : settings.get(`fee.${purpose}.premium_max`, { miner }),
    overestimation:
      settings.get(`fee.${purpose}.gas_overestimation`, { miner }) ??
      settings.get('fee.gas_overestimation', { miner }),
    isUrgent,
  };
}
