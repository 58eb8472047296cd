import { MINER_METHODS } from '#codec';
import { type ActorId, type AttoFil, formatDuration, formatFil } from '#core';
import {
  countForeign,
  type Database,
  type FlightRow,
  listForeign,
  listMessages,
  type MessageState,
} from '#db';
import { type JsonOption, printLine, printRows } from './command-io.ts';
import { formatAge, shorten } from './output/index.ts';

export interface MessageListFilter extends JsonOption {
  readonly miner?: ActorId;
  readonly from?: string;
  readonly state?: MessageState;
  readonly after?: number;
  readonly limit: number;
}

export async function listMessageLines(database: Database, filter: MessageListFilter): Promise<void> {
  const { miner, from, state, after, limit } = filter;
  const rows = await listMessages(database.kysely, {
    limit,
    ...(miner !== undefined && { miner }),
    ...(from !== undefined && { from }),
    ...(state !== undefined && { states: [state] }),
    ...(after !== undefined && { afterId: after }),
  });
  printRows(
    rows,
    [
      { title: 'ID', value: (row) => row.id, align: 'right' },
      { title: 'MINER', value: (row) => `t0${row.miner}` },
      { title: 'PURPOSE', value: (row) => row.purpose },
      { title: 'STATE', value: stateText },
      { title: 'AGE', value: (row) => formatAge(row.created_at), align: 'right' },
      { title: 'FROM', value: (row) => shorten(row.from_address) },
      { title: 'NONCE', value: (row) => row.nonce, align: 'right' },
      { title: 'CID', value: (row) => row.cid },
      { title: 'EXIT', value: (row) => row.exit_code, align: 'right' },
      { title: 'WAITS FOR', value: (row) => waitText(row, new Date()) },
    ],
    { ...filter, none: 'No such message.', fit: true },
  );
  if (filter.json) return;
  const last = rows.at(-1);
  if (last && rows.length === limit) printLine(`More: --after ${last.id}`);
  for (const { from_address, messages } of await countForeign(database.kysely))
    if (from === undefined || from === from_address)
      printLine(`${messages} messages of ${from_address} are not ours: beepro message foreign`);
}

/** The state with what the row knows beyond it. */
export function stateText(row: Pick<FlightRow, 'state' | 'seen_at' | 'cancel_code'>): string {
  const seen = row.state === 'pushed' && row.seen_at !== null ? ', seen' : '';
  const isOpen = row.state === 'nonce' || row.state === 'signed' || row.state === 'pushed';
  const cancelling = row.cancel_code !== null && isOpen ? ', cancelling' : '';
  return `${row.state}${seen}${cancelling}`;
}

/** What keeps a message, with the fee that is needed and allowed, and for how long; else what ended it. */
export function waitText(
  row: Pick<FlightRow, 'error_code' | 'fee_needed' | 'max_fee' | 'waits_since'>,
  now: Date,
): string | null {
  if (row.error_code === null) return null;
  const since = row.waits_since ? ` for ${formatDuration(now.getTime() - row.waits_since.getTime())}` : '';
  const fee =
    row.fee_needed === null ? '' : ` (needs ${formatFil(row.fee_needed)}, cap ${formatFil(row.max_fee)})`;
  return `${row.error_code}${fee}${since}`;
}

export async function listForeignLines(
  database: Database,
  filter: JsonOption & { readonly from?: string; readonly limit: number },
): Promise<void> {
  const { from, limit } = filter;
  const rows = await listForeign(database.kysely, { limit, ...(from !== undefined && { from }) });
  printRows(
    rows,
    [
      { title: 'FROM', value: (row) => shorten(row.from_address) },
      { title: 'NONCE', value: (row) => row.nonce, align: 'right' },
      { title: 'CID', value: (row) => row.cid ?? 'no node can show it' },
      { title: 'TO', value: (row) => row.to_address },
      { title: 'METHOD', value: (row) => methodName(row.method) },
      { title: 'VALUE', value: (row) => fil(row.value), align: 'right' },
      { title: 'SEEN', value: (row) => formatAge(row.seen_at), align: 'right' },
      { title: 'STATE', value: foreignState },
    ],
    { ...filter, none: 'None: every message of our senders is ours.' },
  );
}

function foreignState(row: { adopted_by: number | null; settled_at: Date | null }): string {
  if (row.adopted_by !== null) return `adopted as message ${row.adopted_by}`;
  return row.settled_at === null ? 'open' : 'final';
}

export function methodName(method: number | null): string | null {
  if (method === null) return null;
  if (method === 0) return 'Send';
  return Object.values(MINER_METHODS).find((known) => known.number === method)?.name ?? String(method);
}

export function fil(amount: AttoFil | null): string | null {
  return amount === null ? null : formatFil(amount);
}
