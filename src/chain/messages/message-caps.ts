import { isSettingName, type Settings } from '#config';
import type { AttoFil, Epoch } from '#core';
import type { FlightRow } from '#db';
import type { MessageCaps } from './fee.ts';

/**
 * What a message may cost at this head, by the settings of its purpose: `fee.<purpose>.max`, or
 * `fee.<purpose>.urgent_max` where that is more and the last epoch of use is within `fee.<purpose>.urgent_within`. A
 * purpose without settings has what was recorded with the message.
 */
export function messageCaps(
  settings: Pick<Settings, 'get'>,
  message: Pick<FlightRow, 'purpose' | 'miner' | 'max_fee' | 'deadline_epoch'>,
  head: Epoch,
): MessageCaps {
  const { purpose, miner, max_fee, deadline_epoch } = message;
  const read = (name: string): unknown => (isSettingName(name) ? settings.get(name, { miner }) : undefined);
  const ordinary = (read(`fee.${purpose}.max`) as AttoFil | undefined) ?? max_fee;
  const within = (read(`fee.${purpose}.urgent_within`) as Epoch | undefined) ?? 0;
  const isUrgent = deadline_epoch !== null && within > 0 && deadline_epoch - head <= within;
  const urgent = isUrgent ? (read(`fee.${purpose}.urgent_max`) as AttoFil | undefined) : undefined;
  return {
    maxFee: urgent !== undefined && urgent > ordinary ? urgent : ordinary,
    overestimation: settings.get('fee.gas_overestimation', { miner }),
  };
}
