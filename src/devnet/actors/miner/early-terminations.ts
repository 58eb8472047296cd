import { BitField } from '#codec';
import type { ActorId } from '#core';
import { type Deadline, type MinerState, totalPower } from '../../state/index.ts';
import { continuedFaultFee, terminationFee } from '../penalties.ts';
import type { Runtime } from '../runtime.ts';
import { minerOf, penalised } from './funds.ts';
import { powerOfSector } from './power.ts';

/**
 * What an end before its time costs: the fee is owed, the pledge comes free to pay it. A real chain queues what is too
 * much for one epoch; here all are settled at once. Source: builtin-actors `process_early_terminations`.
 */
export function settleEarlyTerminations(runtime: Runtime, id: ActorId, numbers: BitField): void {
  if (numbers.size === 0) return;
  const { epoch, economy } = runtime.env;
  const miner = minerOf(runtime, id);
  const network = totalPower(runtime.state).qualityAdjPower;
  let pledge = 0n;
  let penalty = 0n;
  for (const number of numbers) {
    const sector = miner.sectors.get(number);
    if (!sector) continue;
    const { qualityAdjPower } = powerOfSector(miner.info.sectorSize, sector);
    const faultFee = continuedFaultFee(economy, qualityAdjPower, network);
    pledge += sector.initialPledge;
    penalty += terminationFee(sector.initialPledge, epoch - sector.activation, faultFee);
  }
  const released = { ...miner, initialPledge: miner.initialPledge - pledge };
  const { miner: charged, paid } = penalised(released, runtime.actor(id).balance, penalty);
  runtime.update(id, { miner: charged });
  runtime.burn(id, paid);
}

/** A deadline that has lost sectors: fewer live ones, and their daily fees are due no more. */
export function withoutSectors(deadline: Deadline, miner: MinerState, lost: readonly BitField[]): Deadline {
  const numbers = BitField.ofRanges(lost.flatMap(({ ranges }) => ranges));
  let fees = 0n;
  for (const number of numbers) fees += miner.sectors.get(number)?.dailyFee ?? 0n;
  return {
    ...deadline,
    liveSectors: deadline.liveSectors - numbers.size,
    dailyFee: deadline.dailyFee - fees,
  };
}
