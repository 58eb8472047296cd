import { cancelMessage, feeCaps, MarketReader, replaceMessage } from '#chain';
import { type AttoFil, BeeproError, formatFil } from '#core';
import { findMessage } from '#db';
import { type JsonOption, printDone } from './command-io.ts';
import type { CliContext } from './context.ts';

export interface ReplaceByCommand extends JsonOption {
  readonly premium?: AttoFil;
  readonly feeCap?: AttoFil;
  readonly maxFee?: AttoFil;
}

/** The row gets its new gas; the sealing role signs and pushes it. */
export async function replaceByCommand(
  context: CliContext,
  id: number,
  options: ReplaceByCommand,
): Promise<void> {
  const row = await findMessage(context.database.kysely, id);
  if (!row) throw new BeeproError('NOT_FOUND', { what: 'message', name: String(id) });
  const market = await new MarketReader().read(await context.chain(), row.from_address);
  const maxFee = options.maxFee ?? feeCaps(await context.settings(), row, market.head).maxFee;
  const { premium, feeCap } = options;
  const gas = await replaceMessage(context.database, id, {
    maxFee,
    market,
    ...(premium !== undefined && { premium }),
    ...(feeCap !== undefined && { feeCap }),
  });
  const atMost = gas.limit * gas.feeCap;
  printDone(
    `Message ${id} is signed again under nonce ${row.nonce}: premium ${formatFil(gas.premium)}, fee cap ${formatFil(gas.feeCap)}, at most ${formatFil(atMost)} in all.`,
    { id, nonce: row.nonce, premium: gas.premium, feeCap: gas.feeCap, gasLimit: gas.limit, atMost },
    options,
  );
}

export async function cancelByCommand(
  context: CliContext,
  id: number,
  who: string,
  options: JsonOption,
): Promise<void> {
  const done = await cancelMessage(context.database, id, `by ${who}`);
  const sentence =
    done.how === 'deleted'
      ? `Message ${id} was not signed and is never sent; its sectors go back to batching.`
      : `Nonce ${done.nonce} of message ${id} is being used up by a transfer of nothing; the original may still win. See with: beepro message show ${id}`;
  printDone(sentence, { ...done }, options);
}
