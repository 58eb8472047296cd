import { renderTable } from '../src/cli/output/index.ts';

/** One figure of a benchmark beside what it should be at most, in the same unit. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Absent: shown for information. */
  readonly atMost?: number;
  readonly samples?: number;
}

/**
 * Prints figures and targets side by side, as JSON with `--json`. With `--check` a missed target makes the exit
 * code 1.
 */
export function report(
  title: string,
  figures: readonly Figure[],
  argv: readonly string[] = process.argv,
): void {
  const missed = figures.filter((figure) => figure.atMost !== undefined && figure.value > figure.atMost);
  if (argv.includes('--json')) {
    process.stdout.write(
      `${JSON.stringify({ title, figures, missed: missed.map((figure) => figure.name) })}\n`,
    );
  } else {
    const table = renderTable(figures, [
      { title: title.toUpperCase(), value: (figure) => figure.name },
      { title: 'FIGURE', value: (figure) => `${round(figure.value)} ${figure.unit}`, align: 'right' },
      {
        title: 'TARGET',
        value: (figure) => (figure.atMost === undefined ? null : `≤ ${figure.atMost} ${figure.unit}`),
        align: 'right',
      },
      { title: 'SAMPLES', value: (figure) => figure.samples, align: 'right' },
      {
        title: '',
        value: (figure) => (missed.includes(figure) ? 'missed' : figure.atMost === undefined ? '' : 'met'),
      },
    ]);
    process.stdout.write(`${table}\n`);
  }
  if (argv.includes('--check') && missed.length > 0) process.exitCode = 1;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
