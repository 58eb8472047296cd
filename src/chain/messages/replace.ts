import { BeeproError } from '#core';
import { type MessageRow, type MessageVersionRow, patchMessage } from '#db';
import type { MessageModules } from './context.ts';
import { NODE_MAX_FEE, replacementGas } from './fee.ts';
import { messageOf } from './prepare.ts';

/**
 * A message that stays in the mempool gets a dearer version: same nonce, same content, and its row is back at
 * `nonce` with the new gas, from where it is signed, stored and pushed like the first. Whichever version lands, wins.
 * False when the cap leaves no room: it goes on waiting.
 */
export async function replace(
  modules: MessageModules,
  row: MessageRow,
  newest: MessageVersionRow,
): Promise<boolean> {
  if (row.nonce === null)
    throw new BeeproError('INTERNAL', { detail: `message ${row.id} was pushed without a nonce` });
  const old = { limit: BigInt(newest.gas_limit), feeCap: newest.gas_fee_cap, premium: newest.gas_premium };
  const open = messageOf(row, row.nonce, { limit: old.limit, feeCap: 0n, premium: 0n });
  const estimate = await modules.chain.gasEstimateMessageGas(open, { maxFee: NODE_MAX_FEE }, []);
  const gas = replacementGas(
    old,
    { limit: old.limit, feeCap: estimate.gasFeeCap, premium: estimate.gasPremium },
    modules.rules.maxFee(row),
  );
  if (!gas) return false;
  const replaced = await patchMessage(modules.db.kysely, row.id, ['pushed'], {
    state: 'nonce',
    gas_fee_cap: gas.feeCap,
    gas_premium: gas.premium,
    tries: 0,
    not_before: null,
  });
  if (replaced) modules.note({ what: 'dearer', message: row, feeCap: gas.feeCap, premium: gas.premium });
  return replaced;
}
