import { type AttoFil, formatFil } from '#core';
import { highest, lowest } from './amounts.ts';
import { type Gas, leastFeeCap, marketGas, minimumReplacementPremium, type Prices } from './fee.ts';

/** What the operator asks for, in attoFIL a unit of gas, and the most that the message may then cost, in attoFIL. */
export interface ReplaceRequest {
  readonly premium?: AttoFil;
  readonly feeCap?: AttoFil;
  readonly maxFee: AttoFil;
  readonly market: Prices;
}

/**
 * Gas of the version that replaces one by the operator's word, or the sentence that says why there can be none. What
 * is not asked for is what the market wants, a quarter more than before at least.
 */
export function operatorGas(old: Gas, request: ReplaceRequest): Gas | string {
  const { maxFee } = request;
  const { limit } = old;
  const market = marketGas(limit, request.market);
  const least = minimumReplacementPremium(old.premium);
  const premium = request.premium ?? highest((old.premium * 125n) / 100n, least, market.premium);
  const most = limit === 0n ? 0n : maxFee / limit;
  const feeCap = request.feeCap ?? lowest(highest(old.feeCap, market.feeCap, premium), most);
  const paid = request.premium ?? lowest(premium, feeCap);
  if (paid < least)
    return `its premium would be ${formatFil(paid)}; mempools ask for ${formatFil(least)}, a tenth more than the ${formatFil(old.premium)} that it pays`;
  if (paid > feeCap)
    return `its premium of ${formatFil(paid)} would be above its fee cap of ${formatFil(feeCap)}`;
  if (limit * feeCap > maxFee)
    return `it might cost ${formatFil(limit * feeCap)}, and ${formatFil(maxFee)} is the most that it may`;
  const included = leastFeeCap(request.market.baseFee);
  if (feeCap < included)
    return `its fee cap would be ${formatFil(feeCap)}; the base fee asks for ${formatFil(included)}`;
  return { limit, feeCap, premium: paid };
}
