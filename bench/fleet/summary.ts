import type { Fleet } from '../fleets/fleet-schema.ts';
import type { SimulationResult } from './simulate.ts';

/** What a fleet reached, over all its replicas, beside what it should. */
export interface Summary {
  readonly fleet: string;
  readonly title: string;
  readonly failing: boolean;
  readonly seeds: readonly number[];
  readonly perDay: number;
  readonly bound: number;
  readonly bottlenecks: readonly string[];
  readonly ratio: number;
  readonly target: number;
  readonly use: SimulationResult['use'];
  readonly classes: SimulationResult['classes'];
  readonly cycleHours: SimulationResult['cycleHours'];
  readonly unexplainedS: number;
  readonly parked: number;
  /** The same fleet under the model of Lotus' policy, and how many times as much is sealed here. */
  readonly lotusPerDay: number | undefined;
  readonly timesLotus: number | undefined;
  readonly missed: readonly string[];
}

export function summarise(
  fleet: Fleet,
  failing: boolean,
  seeds: readonly number[],
  own: readonly SimulationResult[],
  lotus: readonly SimulationResult[],
): Summary {
  const mean = (results: readonly SimulationResult[], of: (one: SimulationResult) => number) =>
    results.reduce((sum, one) => sum + of(one), 0) / results.length;
  const perDay = mean(own, (one) => one.perDay);
  const bound = mean(own, ({ bound: { perDay: most } }) => most);
  const ratio = perDay / bound;
  const target = failing ? fleet.target.failing : fleet.target.steady;
  const unexplainedS = mean(own, (one) => one.unexplainedS);
  // Bounds of runs with failures differ with the time that hosts were up: compared is what each reached of its own.
  const lotusRatio = lotus.length > 0 ? mean(lotus, (one) => one.ratio) : undefined;
  return {
    fleet: fleet.name,
    title: fleet.title,
    failing,
    seeds,
    perDay,
    bound,
    bottlenecks: own[0]?.bound.bottlenecks ?? [],
    ratio,
    target,
    use: {
      pc1: mean(own, ({ use }) => use.pc1),
      devices: mean(own, ({ use }) => use.devices),
      workspace: mean(own, ({ use }) => use.workspace),
    },
    classes: own[0]?.classes ?? [],
    cycleHours: {
      p50: mean(own, ({ cycleHours }) => cycleHours.p50),
      p99: mean(own, ({ cycleHours }) => cycleHours.p99),
    },
    unexplainedS,
    parked: own.reduce((sum, one) => sum + one.parked, 0),
    lotusPerDay: lotus.length > 0 ? mean(lotus, (one) => one.perDay) : undefined,
    timesLotus: lotusRatio === undefined ? undefined : ratio / lotusRatio,
    missed: [
      ...(ratio < target ? [`${(ratio * 100).toFixed(1)} % of the bound, ${target * 100} % wanted`] : []),
      ...(unexplainedS > 0 ? [`slots idled ${unexplainedS.toFixed(0)} s beside work, unexplained`] : []),
    ],
  };
}

const COLUMNS: readonly { readonly title: string; readonly value: (one: Summary) => string }[] = [
  { title: 'FLEET', value: (one) => `${one.fleet}${one.failing ? ', failing' : ''}` },
  { title: 'SECTORS/DAY', value: (one) => one.perDay.toFixed(1) },
  { title: 'BOUND', value: (one) => one.bound.toFixed(1) },
  { title: 'RATIO', value: (one) => one.ratio.toFixed(4) },
  { title: 'TARGET', value: (one) => `≥ ${one.target}` },
  { title: '', value: (one) => (one.missed.length === 0 ? 'met' : 'missed') },
  { title: 'PC1', value: (one) => percent(one.use.pc1) },
  { title: 'DEVICES', value: (one) => percent(one.use.devices) },
  { title: 'WORKSPACE', value: (one) => percent(one.use.workspace) },
  { title: 'P50 H', value: (one) => one.cycleHours.p50.toFixed(1) },
  { title: 'P99 H', value: (one) => one.cycleHours.p99.toFixed(1) },
  { title: 'UNEXPLAINED S', value: (one) => one.unexplainedS.toFixed(0) },
  { title: 'LOTUS/DAY', value: (one) => one.lotusPerDay?.toFixed(1) ?? '–' },
  { title: '× LOTUS', value: (one) => one.timesLotus?.toFixed(2) ?? '–' },
];

/** A table with one row a fleet, and below it what each class of machines was used for. */
export function renderSummaries(summaries: readonly Summary[]): string {
  const rows = [
    COLUMNS.map(({ title }) => title),
    ...summaries.map((one) => COLUMNS.map(({ value }) => value(one))),
  ];
  const details = summaries.flatMap((one) => [
    `${one.fleet}${one.failing ? ', failing' : ''}: ${one.title}; seeds ${one.seeds.join(' ')}; binding: ${one.bottlenecks.join(', ')}`,
    ...one.classes.map(
      ({ name, up, pc1, devices, workspace }) =>
        `    ${name}: up ${percent(up)}, PC1 ${percent(pc1)}, devices ${percent(devices)}, workspace ${percent(workspace)}`,
    ),
    ...one.missed.map((missed) => `    missed: ${missed}`),
  ]);
  return [...renderRows(rows), '', ...details].join('\n');
}

export function renderRows(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function percent(part: number): string {
  return Number.isFinite(part) ? `${(part * 100).toFixed(1)} %` : '–';
}
