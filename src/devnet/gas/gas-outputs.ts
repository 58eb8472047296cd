import type { AttoFil } from '#core';

/** Where the sender's gas money goes. Amounts are attoFIL. */
export interface GasOutputs {
  readonly baseFeeBurn: AttoFil;
  readonly overEstimationBurn: AttoFil;
  readonly minerPenalty: AttoFil;
  readonly minerTip: AttoFil;
  readonly refund: AttoFil;
}

/** Gas burnt for a limit that was set too high, within a tenth free of charge. Source: `compute_gas_overestimation_burn`. */
function overEstimatedGas(used: bigint, limit: bigint): bigint {
  if (used === 0n) return limit;
  const over = limit - (11n * used) / 10n;
  if (over < 0n) return 0n;
  return ((limit - used) * (over > used ? used : over)) / used;
}

/** Source: FVM `GasOutputs::compute`. */
export function gasOutputs(
  used: bigint,
  limit: bigint,
  baseFee: AttoFil,
  feeCap: AttoFil,
  premium: AttoFil,
): GasOutputs {
  const baseFeeToPay = baseFee < feeCap ? baseFee : feeCap;
  const room = feeCap - baseFeeToPay;
  const tip = (premium < room ? premium : room) * limit;
  const overEstimated = overEstimatedGas(used, limit);
  const baseFeeBurn = baseFeeToPay * used;
  const overEstimationBurn = baseFeeToPay * overEstimated;
  return {
    baseFeeBurn,
    overEstimationBurn,
    minerPenalty: (baseFee - baseFeeToPay) * (used + overEstimated),
    minerTip: tip,
    refund: feeCap * limit - baseFeeBurn - overEstimationBurn - tip,
  };
}
