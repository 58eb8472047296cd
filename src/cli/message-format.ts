import { exitCodeText } from '#codec';
import { type ActorId, BeeproError, formatFil } from '#core';
import {
  type Database,
  findMessage,
  listMessageSectors,
  listMessages,
  listMessageVersions,
  type MessageState,
} from '#db';
import { type JsonOption, printFacts, printLine, printRows } from './command-io.ts';
import { formatAge, shorten, toJson } from './output/index.ts';
import { formatSector } from './sector-format.ts';

export interface MessageListFilter extends JsonOption {
  readonly miner?: ActorId;
  readonly state?: MessageState;
  readonly after?: number;
  readonly limit: number;
}

export async function listMessageLines(database: Database, filter: MessageListFilter): Promise<void> {
  const { miner, state, after, limit } = filter;
  const rows = await listMessages(database.kysely, {
    limit,
    ...(miner !== undefined && { miner }),
    ...(state !== undefined && { states: [state] }),
    ...(after !== undefined && { afterId: after }),
  });
  printRows(
    rows,
    [
      { title: 'ID', value: (row) => row.id, align: 'right' },
      { title: 'MINER', value: (row) => `t0${row.miner}` },
      { title: 'PURPOSE', value: (row) => row.purpose },
      { title: 'STATE', value: (row) => row.state },
      { title: 'AGE', value: (row) => formatAge(row.created_at), align: 'right' },
      { title: 'FROM', value: (row) => shorten(row.from_address) },
      { title: 'NONCE', value: (row) => row.nonce, align: 'right' },
      { title: 'CID', value: (row) => row.cid },
      { title: 'EXIT', value: (row) => row.exit_code, align: 'right' },
      { title: 'ERROR', value: (row) => row.error_code },
    ],
    { ...filter, none: 'No such message.' },
  );
  const last = rows.at(-1);
  if (last && rows.length === limit && !filter.json) printLine(`More: --after ${last.id}`);
}

/** @throws BeeproError `NOT_FOUND` */
export async function showMessage(database: Database, id: number, options: JsonOption): Promise<void> {
  const db = database.kysely;
  const message = await findMessage(db, id);
  if (!message) throw new BeeproError('NOT_FOUND', { what: 'message', name: String(id) });
  const [versions, sectors] = await Promise.all([listMessageVersions(db, id), listMessageSectors(db, id)]);
  if (options.json) {
    printLine(toJson({ message, versions, sectors }));
    return;
  }
  const fil = (amount: bigint | null): string | null => (amount === null ? null : formatFil(amount));
  printFacts(
    {
      ...message,
      miner: `t0${message.miner}`,
      value: formatFil(message.value),
      max_fee: formatFil(message.max_fee),
      gas_fee_cap: fil(message.gas_fee_cap),
      gas_premium: fil(message.gas_premium),
      exit_code: message.exit_code === null ? null : exitCodeText(message.exit_code),
      params: shorten(message.params, 24),
      return_value: shorten(message.return_value, 24),
    },
    options,
  );
  printLine('');
  printRows(
    versions,
    [
      { title: 'VERSION', value: (row) => row.cid },
      { title: 'GAS LIMIT', value: (row) => row.gas_limit, align: 'right' },
      { title: 'FEE CAP', value: (row) => formatFil(row.gas_fee_cap), align: 'right' },
      { title: 'PREMIUM', value: (row) => formatFil(row.gas_premium), align: 'right' },
      { title: 'SIGNED', value: (row) => row.created_at.toISOString() },
    ],
    { none: 'It has not been signed.' },
  );
  printLine('');
  printRows(
    sectors,
    [
      { title: 'SECTOR', value: formatSector },
      { title: 'EXIT', value: (row) => (row.exit_code === null ? null : exitCodeText(row.exit_code)) },
    ],
    { none: 'It speaks for no sector.' },
  );
}
