import { sql } from 'kysely';
import type { Database } from '#db';

/** What MariaDB is asked while `work` goes on: each statement without its values, the most frequent first. */
export async function logStatements(database: Database, work: () => Promise<void>): Promise<string> {
  const { kysely } = database;
  await sql`SET GLOBAL log_output = 'TABLE'`.execute(kysely);
  await sql`TRUNCATE mysql.general_log`.execute(kysely);
  await sql`SET GLOBAL general_log = 1`.execute(kysely);
  try {
    await work();
  } finally {
    await sql`SET GLOBAL general_log = 0`.execute(kysely);
  }
  const { rows } = await sql<{ text: string | Buffer }>`SELECT argument AS text FROM mysql.general_log
    WHERE command_type IN ('Query', 'Execute')`.execute(kysely);
  const counts = new Map<string, number>();
  for (const { text } of rows) {
    const shape = withoutValues(String(text));
    counts.set(shape, (counts.get(shape) ?? 0) + 1);
  }
  const lines = [...counts].sort((a, b) => b[1] - a[1]).map(([shape, count]) => `${count}\t${shape}`);
  return `${rows.length} statements\n${lines.join('\n')}\n`;
}

function withoutValues(text: string): string {
  return text
    .replaceAll(/'(?:[^'\\]|\\.|'')*'/g, '?')
    .replaceAll(/\b\d+(\.\d+)?\b/g, '?')
    .replaceAll(/\(\s*\?(\s*,\s*\?)+\s*\)/g, '(?…)')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
