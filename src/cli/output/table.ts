/** One column of a table for people: its heading and how a row is written in it. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | bigint | null | undefined;
  readonly align?: 'left' | 'right';
}

/**
 * Aligned columns with two spaces between them and no frames, so that lines survive `grep` and `awk`.
 * A missing value is `–`. No trailing blanks.
 */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))));
  const widths = columns.map((column, i) =>
    cells.reduce((widest, line) => Math.max(widest, displayWidth(line[i] ?? '')), displayWidth(column.title)),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, i) => pad(text, widths[i] ?? 0, columns[i]?.align ?? 'left'))
      .join('  ')
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...cells.map(line)].join('\n');
}

function cellText(value: string | number | bigint | null | undefined): string {
  return value === null || value === undefined || value === '' ? '–' : String(value).replace(/\s+/g, ' ');
}

function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? blanks + text : text + blanks;
}

/** Terminal cells of a text; none of our tables holds wide characters, so code points are enough. */
function displayWidth(text: string): number {
  return [...text].length;
}
