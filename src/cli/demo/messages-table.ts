import type { ChainApi } from '#chain';
import { type AttoFil, formatFil } from '#core';
import { type Database, listMessageSectors, listMessages, type MessageRow } from '#db';
import { renderTable, shorten } from '../output/index.ts';

interface LandedMessage {
  readonly row: MessageRow;
  readonly sectors: readonly number[];
  /** What it cost its sender, tip and burning together, without what it carried. */
  readonly fee: AttoFil | undefined;
}

/** Every message that was sent: what it did for whom, what it cost, and when. */
export async function messagesTable(database: Database, chain: ChainApi): Promise<string> {
  const rows = await listMessages(database.kysely, { limit: 10_000 });
  const messages: LandedMessage[] = [];
  for (const row of rows) {
    const members = await listMessageSectors(database.kysely, row.id);
    const replayed = row.cid === null ? undefined : await chain.stateReplay([], row.cid);
    messages.push({ row, sectors: members.map(({ number }) => number), fee: replayed?.gasCost.totalCost });
  }
  return renderTable<LandedMessage>(messages, [
    { title: 'MESSAGE', value: ({ row }) => shorten(row.cid) },
    { title: 'FOR', value: ({ row }) => row.purpose },
    { title: 'SECTORS', value: ({ sectors }) => runsOf(sectors) },
    { title: 'EXIT', value: ({ row }) => row.exit_code, align: 'right' },
    { title: 'GAS USED', value: ({ row }) => row.gas_used?.toLocaleString('en'), align: 'right' },
    { title: 'FEE', value: ({ fee }) => (fee === undefined ? null : formatFil(fee)), align: 'right' },
    { title: 'INCLUDED', value: ({ row }) => row.inclusion_epoch, align: 'right' },
    { title: 'EXECUTED', value: ({ row }) => row.execution_epoch, align: 'right' },
  ]);
}

/** `0–7`, `0, 2–3`; pure. */
export function runsOf(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ');
}
