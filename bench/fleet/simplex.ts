/** One limit of a linear program: `coefficients · x ≤ atMost`. Variables that are absent have coefficient 0. */
export interface Limit {
  readonly name: string;
  readonly coefficients: Readonly<Record<string, number>>;
  /** Not negative. */
  readonly atMost: number;
}

export interface Optimum {
  readonly value: number;
  readonly variables: Readonly<Record<string, number>>;
  /** Limits that bind: what one more unit of each would add to the value. Only those above 0. */
  readonly prices: Readonly<Record<string, number>>;
}

const TINY = 1e-9;

/**
 * The largest `objective · x` with every limit kept and no variable below 0. The simplex method on a dense table with
 * Bland's rule, which cannot cycle: meant for some dozens of variables. All right sides are ≥ 0, so that x = 0 is a
 * beginning.
 *
 * @throws RangeError when the program has no bound, or a right side is negative
 */
export function maximise(objective: Readonly<Record<string, number>>, limits: readonly Limit[]): Optimum {
  const names = [
    ...new Set([...Object.keys(objective), ...limits.flatMap((one) => Object.keys(one.coefficients))]),
  ];
  const width = names.length + limits.length;
  const rows = limits.map(({ name, coefficients, atMost }, index) => {
    if (atMost < 0) throw new RangeError(`the limit ${name} is negative`);
    const slack = limits.map((_, other) => (other === index ? 1 : 0));
    return [...names.map((variable) => coefficients[variable] ?? 0), ...slack, atMost];
  });
  const costs = [...names.map((variable) => -(objective[variable] ?? 0)), ...limits.map(() => 0), 0];
  const basis = limits.map((_, index) => names.length + index);
  for (;;) {
    const entering = costs.findIndex((cost, index) => index < width && cost < -TINY);
    if (entering === -1) break;
    const leaving = leavingRow(rows, basis, entering);
    if (leaving === undefined) throw new RangeError('the linear program has no bound');
    pivot(rows, costs, leaving, entering);
    basis[leaving] = entering;
  }
  const values = new Map(basis.map((variable, row) => [variable, rows[row]?.[width] ?? 0]));
  return {
    value: costs[width] ?? 0,
    variables: Object.fromEntries(names.map((name, index) => [name, values.get(index) ?? 0])),
    prices: Object.fromEntries(
      limits.flatMap(({ name }, index) => {
        const price = costs[names.length + index] ?? 0;
        return price > TINY ? [[name, price]] : [];
      }),
    ),
  };
}

function leavingRow(
  rows: readonly number[][],
  basis: readonly number[],
  entering: number,
): number | undefined {
  let best: { row: number; ratio: number } | undefined;
  rows.forEach((row, index) => {
    const coefficient = row[entering] ?? 0;
    if (coefficient <= TINY) return;
    const ratio = (row.at(-1) ?? 0) / coefficient;
    const first = best && Math.abs(ratio - best.ratio) <= TINY;
    if (!best || (first ? (basis[index] ?? 0) < (basis[best.row] ?? 0) : ratio < best.ratio)) {
      best = { row: index, ratio };
    }
  });
  return best?.row;
}

function pivot(rows: number[][], costs: number[], leaving: number, entering: number): void {
  const row = rows[leaving] ?? [];
  const by = row[entering] ?? 1;
  row.forEach((value, index) => {
    row[index] = value / by;
  });
  for (const other of [...rows.filter((_, index) => index !== leaving), costs]) {
    const factor = other[entering] ?? 0;
    if (factor === 0) continue;
    row.forEach((value, index) => {
      other[index] = (other[index] ?? 0) - factor * value;
    });
  }
}
