import { BeeproError, PHASE_NAMES, PHASES, type Phase, SEALING_PHASES } from '#core';
import { type ClassSummary, type FleetHost, slotsOf, summariseClasses, troubleFirst } from '#sched';
import { readFleet } from '#sector';
import { type JsonOption, printFacts, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatBytes, formatDuration, toJson } from './output/index.ts';

/** @throws BeeproError `NOT_FOUND` */
export async function showSched(
  context: CliContext,
  worker: string | undefined,
  options: JsonOption & { readonly limit: number; readonly class?: string },
): Promise<void> {
  const all = await readFleet(context.database.kysely, await context.settings(), worker);
  if (worker !== undefined) {
    const [host] = all;
    if (!host) throw new BeeproError('NOT_FOUND', { what: 'worker', name: worker });
    if (options.json) printLine(toJson({ ...host, slots: slotsOf(host) }));
    else showHost(host);
    return;
  }
  const hosts = options.class === undefined ? all : all.filter((host) => host.class === options.class);
  const classes = summariseClasses(hosts);
  const shown = troubleFirst(hosts).slice(0, options.limit);
  if (options.json) {
    const workers = shown.map((host) => ({ ...host, slots: slotsOf(host) }));
    printLine(toJson({ classes, workers, left: hosts.length - shown.length }));
    return;
  }
  if (hosts.length === 0) {
    printLine('No worker yet. Start one on a sealing machine with: beepro run worker');
    return;
  }
  printClasses(classes);
  printLine('');
  printHosts(shown);
  if (hosts.length > shown.length) {
    printLine(`… and ${hosts.length - shown.length} more: --limit ${hosts.length}, --class, or name one`);
  }
  printSlots(shown);
}

function printClasses(classes: readonly ClassSummary[]): void {
  printRows(
    classes,
    [
      { title: 'CLASS', value: (row) => row.class },
      { title: 'WORKERS', value: (row) => row.hosts, align: 'right' },
      { title: 'ACTIVE', value: (row) => row.active, align: 'right' },
      { title: 'DRAINING', value: (row) => row.draining, align: 'right' },
      { title: 'AWAY', value: (row) => row.away, align: 'right' },
      {
        title: 'SLOTS',
        value: (row) => (row.slots ? `${row.busySlots}/${row.slots}` : null),
        align: 'right',
      },
      ...SEALING_PHASES.map((phase) => ({
        title: PHASES[phase].label,
        value: (row: ClassSummary) => ofLimit(row.running[phase], row.limits[phase]),
        align: 'right' as const,
      })),
      { title: 'SECTORS', value: (row) => row.sectors, align: 'right' },
      { title: 'WANTS', value: (row) => row.wants, align: 'right' },
    ],
    { none: '' },
  );
}

function printHosts(hosts: readonly FleetHost[]): void {
  printRows(
    hosts,
    [
      { title: 'WORKER', value: (row) => row.worker },
      { title: 'CLASS', value: (row) => row.class },
      { title: 'STATE', value: stateOf },
      { title: 'HEARD', value: (row) => formatDuration(row.heartbeatAgeMs), align: 'right' },
      { title: 'RUNS', value: (row) => phaseCounts(row.report?.running) },
      { title: 'WAITING', value: (row) => phaseCounts(row.waiting) },
      { title: 'SECTORS', value: (row) => sectorsOf(row), align: 'right' },
      { title: 'MEMORY', value: memoryOf, align: 'right' },
      { title: 'SCRATCH', value: scratchOf, align: 'right' },
      { title: 'WANTS', value: (row) => (row.away ? null : row.report?.wants), align: 'right' },
      { title: 'TAKES', value: (row) => labels(row.away ? [] : (row.report?.takes ?? [])) },
    ],
    { none: '' },
  );
}

function printSlots(hosts: readonly FleetHost[]): void {
  const rows = hosts.flatMap((host) =>
    [...Map.groupBy(slotsOf(host), ({ device }) => device).values()].flatMap((slots) =>
      slots.map((slot, index) => ({ worker: host.worker, number: index + 1, ...slot })),
    ),
  );
  if (rows.length === 0) return;
  printLine('');
  printRows(
    rows,
    [
      { title: 'WORKER', value: (row) => row.worker },
      { title: 'DEVICE', value: (row) => row.device },
      { title: 'SLOT', value: (row) => row.number, align: 'right' },
      { title: 'RUNS', value: (row) => row.use && useLabel(row.use) },
      { title: 'IDLE BECAUSE', value: (row) => row.idle },
    ],
    { none: '', fit: true },
  );
}

function showHost(host: FleetHost): void {
  const { report } = host;
  printFacts(
    {
      worker: host.worker,
      class: host.class,
      state: stateOf(host),
      heard: `${formatDuration(host.heartbeatAgeMs)} ago`,
      runs: phaseCounts(report?.running) ?? 'nothing',
      waiting: phaseCounts(host.waiting) ?? 'nothing',
      sectors: sectorsOf(host),
      memory:
        report?.memory && `${memoryOf(host)} promised, ${formatBytes(report.memory.available)} available`,
      scratch: report?.scratch && `${scratchOf(host)} reserved, ${formatBytes(report.scratch.free)} free`,
      wants: report && `${report.wants} new sectors now`,
    },
    {},
  );
  if (!report) {
    printLine('\nIt has not said yet what it runs and takes.');
    return;
  }
  printLine('');
  printRows(
    PHASE_NAMES.map((phase) => ({ phase, refusal: report.refusals.find((one) => one.phase === phase) })),
    [
      { title: 'PHASE', value: (row) => PHASES[row.phase].label },
      {
        title: 'RUNS',
        value: (row) => ofLimit(report.running[row.phase], report.limits[row.phase]),
        align: 'right',
      },
      { title: 'WAITING', value: (row) => host.waiting[row.phase], align: 'right' },
      {
        title: 'TAKES MORE',
        value: (row) =>
          report.takes.includes(row.phase) ? 'yes' : `no: ${row.refusal?.reason ?? 'unknown'}`,
      },
    ],
    { none: '', fit: true },
  );
  printSlots([host]);
}

function stateOf(host: FleetHost): string {
  return host.away ? `${host.state}, away` : host.state;
}

function sectorsOf({ sectors, report }: FleetHost): string | null {
  return ofLimit(sectors, report?.maxSectors);
}

function memoryOf({ report }: FleetHost): string | null {
  return report?.memory ? `${formatBytes(report.memory.promised)}/${formatBytes(report.memory.total)}` : null;
}

function scratchOf({ report }: FleetHost): string | null {
  const scratch = report?.scratch;
  return scratch ? `${formatBytes(scratch.reserved)}/${formatBytes(scratch.capacity)}` : null;
}

/** `PC1 12, PC2 1`; null when there are none. */
function phaseCounts(runs: Readonly<Partial<Record<Phase, number>>> | undefined): string | null {
  const some = PHASE_NAMES.filter((phase) => (runs?.[phase] ?? 0) > 0);
  return some.map((phase) => `${PHASES[phase].label} ${runs?.[phase]}`).join(', ') || null;
}

function labels(phases: readonly Phase[]): string {
  return phases.map((phase) => PHASES[phase].label).join(' ');
}

function useLabel(use: string): string {
  return Object.hasOwn(PHASES, use) ? PHASES[use as Phase].label : use;
}

/** `2/4`; a limit of 0 with nothing running is nothing to speak of. */
function ofLimit(count = 0, limit?: number): string | null {
  if (limit === undefined || limit === 0) return count === 0 ? null : String(count);
  return `${count}/${limit}`;
}
