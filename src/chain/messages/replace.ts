import { type AttoFil, BeeproError, killPoint } from '#core';
import {
  type Database,
  type Executor,
  type FlightRow,
  listMessageVersions,
  lockMessage,
  type MessageVersionRow,
  patchMessage,
  transaction,
} from '#db';
import type { MessageModules } from './context.ts';
import { costCap, type Gas } from './fee.ts';
import type { Market } from './market.ts';
import { operatorGas, type ReplaceRequest } from './operator-gas.ts';
import { CLEAR, reasonOf } from './setback.ts';
import { stuckVerdict } from './stuck.ts';

/** What keeps a message that is out, as far as its row says; other reasons are not this file's. */
const REASONS: readonly (string | null)[] = ['MESSAGE_FEE_OVER_CAP', 'MESSAGE_REPLACEMENTS_SPENT'];

function gasOf(version: MessageVersionRow): Gas {
  return { limit: BigInt(version.gas_limit), feeCap: version.gas_fee_cap, premium: version.gas_premium };
}

/**
 * A message whose nonce is the sender's next and which is left out for its fee gets a dearer version: same nonce, same
 * content. Whichever version lands, wins.
 */
export async function replaceWhenStuck(
  modules: MessageModules,
  market: Market,
  row: FlightRow,
  now: Date,
): Promise<void> {
  const versions = (await listMessageVersions(modules.db.kysely, row.id)).filter(
    (version) => version.is_cancel === row.signs_cancel,
  );
  const newest = versions.at(-1);
  if (!newest) return;
  const { rules } = modules;
  const caps = rules.caps(row, market.head);
  const verdict = stuckVerdict(
    {
      gas: gasOf(newest),
      market,
      outMs: now.getTime() - newest.created_at.getTime(),
      replacements: versions.length - 1,
      caps,
    },
    { afterMs: rules.replaceAfterMs(), most: rules.replacements() },
  );
  switch (verdict.is) {
    case 'dearer':
      if (await signAnew(modules.db.kysely, row, verdict.gas)) {
        killPoint('message.replace-committed');
        modules.note({ what: 'dearer', message: row, ...verdict.gas });
      }
      return;
    case 'over-cap': {
      const { needed } = verdict;
      const about = { needed, cap: costCap(BigInt(newest.gas_limit), caps), purpose: row.purpose };
      return sayWhy(modules, row, new BeeproError('MESSAGE_FEE_OVER_CAP', about), needed);
    }
    case 'spent':
      return sayWhy(
        modules,
        row,
        new BeeproError('MESSAGE_REPLACEMENTS_SPENT', { count: versions.length - 1 }),
        null,
      );
    case 'fine':
      if (REASONS.includes(row.error_code)) await patchMessage(modules.db.kysely, row.id, ['pushed'], CLEAR);
  }
}

async function sayWhy(
  modules: MessageModules,
  row: FlightRow,
  reason: BeeproError,
  needed: AttoFil | null,
): Promise<void> {
  if (row.error_code === reason.code && row.fee_needed === needed) return;
  await patchMessage(modules.db.kysely, row.id, ['pushed'], { ...reasonOf(row, reason), fee_needed: needed });
}

/** The row is back at `nonce` with the new gas, from where it is signed, stored and pushed like the first time. */
function signAnew(executor: Executor, row: FlightRow, gas: Gas): Promise<boolean> {
  return patchMessage(executor, row.id, [row.state], {
    ...CLEAR,
    state: 'nonce',
    gas_limit: Number(gas.limit),
    gas_fee_cap: gas.feeCap,
    gas_premium: gas.premium,
    pushed_at: null,
    seen_at: null,
  });
}

/**
 * A dearer version by the operator's word, whatever the message waits for.
 * @throws BeeproError `NOT_FOUND`, `MESSAGE_NOT_REPLACEABLE`
 */
export async function replaceMessage(db: Database, id: number, request: ReplaceRequest): Promise<Gas> {
  return transaction(db, async (trx) => {
    const row = await lockMessage(trx, id);
    if (row.state !== 'pushed' && row.state !== 'signed')
      throw refusal(
        id,
        row.state === 'intent' ? 'it holds no nonce yet; raise its fee cap' : `it is ${row.state}`,
      );
    const newest = (await listMessageVersions(trx, id))
      .filter((version) => version.is_cancel === row.signs_cancel)
      .at(-1);
    if (!newest) throw refusal(id, 'none of its versions is known');
    const gas = operatorGas(gasOf(newest), request);
    if (typeof gas === 'string') throw refusal(id, gas);
    await signAnew(trx, row, gas);
    return gas;
  });
}

function refusal(id: number, detail: string): BeeproError {
  return new BeeproError('MESSAGE_NOT_REPLACEABLE', { id, detail });
}
