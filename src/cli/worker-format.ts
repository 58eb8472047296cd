import { SETTING_NAMES, type SettingName, type Settings, settingDefinition } from '#config';
import { BeeproError, PHASE_NAMES, PHASES } from '#core';
import { findWorker, listQueuePauses, listRunningRuns } from '#db';
import { queueName } from '#queues';
import { unreachableLimits } from '#sched';
import { type JsonOption, printFacts, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatBytes, formatDuration, toJson } from './output/index.ts';
import { formatSector } from './sector-format.ts';
import {
  type Capabilities,
  capabilitiesOf,
  hostSizeOf,
  largestSectorSize,
  sectorCost,
} from './worker-hardware.ts';

/** @throws BeeproError `NOT_FOUND` */
export async function showWorker(context: CliContext, name: string, options: JsonOption): Promise<void> {
  const db = context.database.kysely;
  const [worker, runs, pauses, settings, size] = await Promise.all([
    findWorker(db, name),
    listRunningRuns(db, [name]),
    listQueuePauses(db),
    context.settings(),
    largestSectorSize(context),
  ]);
  if (!worker) throw new BeeproError('NOT_FOUND', { what: 'worker', name });
  const whom = { worker: name };
  const paused = new Set(pauses.map((pause) => pause.queue));
  const cost = sectorCost(settings, name, size, 'files');
  const limits = PHASE_NAMES.map((phase) => {
    const { value, from, asked } = settings.explain(`worker.limit.${phase}`, whom);
    const wrong = asked.find(({ entry }) => entry?.error !== undefined)?.entry;
    return {
      phase,
      limit: value,
      from,
      running: runs.filter((run) => run.phase === phase).length,
      /** Memory that a run is counted with, at the largest sector size of the fleet. */
      memory: cost.memory[phase] ?? 0,
      memoryFrom: settings.explain(`worker.memory.${phase}`, whom).from,
      paused: paused.has(phase) || paused.has(queueName(phase, name)),
      ...(wrong ? { error: `${wrong.scope} has no effect: ${wrong.error?.message}` } : {}),
    };
  });
  const { value: maxSectors, from: maxSectorsFrom } = settings.explain('worker.max_sectors', whom);
  const { value: className, from: classFrom } = settings.explain('worker.class', whom);
  const host = hostSizeOf(worker, settings);
  const unreachable = host
    ? unreachableLimits(
        host,
        cost,
        Object.fromEntries(limits.map(({ phase, limit }) => [phase, limit])),
        maxSectors,
      )
    : [];
  const values = valuesOf(settings, name);
  const isAway = worker.heartbeatAgeMs > settings.get('worker.heartbeat_expiry');
  if (options.json) {
    printLine(
      toJson({
        ...worker,
        class: className,
        isAway,
        limits,
        maxSectors: { value: maxSectors, from: maxSectorsFrom },
        settings: values,
        host,
        unreachable,
        runs,
      }),
    );
    return;
  }

  printFacts(
    {
      name,
      class: className === '' ? null : `${className} (${classFrom})`,
      state: isAway ? `${worker.state}, away` : worker.state,
      heard: `${formatDuration(worker.heartbeatAgeMs)} ago`,
      registered: worker.registered_at,
      version: worker.version,
      process: `${worker.pid}, host epoch ${worker.host_epoch}, boot ${worker.boot_id}`,
      ...hardwareFacts(capabilitiesOf(worker)),
    },
    options,
  );
  printLine('');
  printRows(
    limits,
    [
      { title: 'PHASE', value: (row) => row.phase },
      { title: 'LIMIT', value: (row) => row.limit, align: 'right' },
      { title: 'FROM', value: (row) => row.from },
      { title: 'RUNNING', value: (row) => row.running, align: 'right' },
      { title: `MEMORY, ${size}`, value: (row) => row.memory && formatBytes(row.memory), align: 'right' },
      { title: 'FROM', value: (row) => row.memoryFrom },
      { title: 'NOTE', value: (row) => [row.paused ? 'paused' : [], row.error ?? []].flat().join('; ') },
    ],
    { none: '' },
  );
  if (limits.every((row) => row.limit === 0)) {
    printLine(
      `\nIt takes nothing: every limit is 0. See what suits it: beepro worker suggest ${name}\nOr give it work with: beepro worker limit ${name} precommit1 1`,
    );
  }
  for (const { setting, reason } of unreachable) printLine(`\n${setting} cannot be reached: ${reason}.`);
  printLine('');
  printRows(
    values,
    [
      { title: 'SETTING', value: (row) => row.setting },
      { title: 'VALUE', value: (row) => row.value },
      { title: 'FROM', value: (row) => row.from },
      { title: 'NOTE', value: (row) => row.error },
    ],
    { none: '' },
  );
  printLine('');
  printRows(
    runs,
    [
      { title: 'SECTOR', value: formatSector },
      { title: 'PHASE', value: (row) => PHASES[row.phase].label },
      { title: 'ATTEMPT', value: (row) => row.attempt, align: 'right' },
      { title: 'FOR', value: (row) => formatDuration(row.elapsed_ms), align: 'right' },
      { title: 'PROGRESS', value: (row) => row.progress && JSON.stringify(row.progress) },
    ],
    { none: 'It runs nothing.' },
  );
}

/** Shown with the phases, not among the other settings. */
const BY_PHASE = /^(worker\.(limit|memory)|phase\.time_limit)\./;

interface ValueLine {
  readonly setting: SettingName;
  readonly value: string;
  readonly from: string;
  /** Why a row that would decide has no effect. */
  readonly error?: string;
}

/** Every setting that may differ by worker: what is in force for this one, and which scope it comes from. */
function valuesOf(settings: Settings, worker: string): ValueLine[] {
  return SETTING_NAMES.filter(
    (name) => settingDefinition(name).scope === 'worker' && !BY_PHASE.test(name),
  ).map((setting) => {
    const { text, from, asked } = settings.explain(setting, { worker });
    const wrong = asked.find(({ entry }) => entry?.error !== undefined)?.entry;
    const error = wrong && `${wrong.scope} has no effect: ${wrong.error?.message}`;
    return { setting, value: text, from, ...(error === undefined ? {} : { error }) };
  });
}

function hardwareFacts(known: Capabilities | undefined): Record<string, unknown> {
  if (!known) return {};
  const { version, proofs_version: proofs, cpu, memory_bytes: memory, gpu, hardware } = known;
  const { stand_in: standIn, profile, speed } = known;
  const sealer = standIn
    ? `STAND-IN (${standIn}): plays ${profile} at 1:${speed}, proves nothing`
    : version && `${version}, filecoin-proofs-api ${proofs ?? 'unknown'}`;
  if (!hardware) {
    return {
      sealer,
      cpu: cpu && `${cpu.logical} × ${cpu.model}`,
      memory: memory && formatBytes(memory),
      gpus: gpu?.devices.length,
    };
  }
  const { cores, threads, l3Groups, numaNodes, workspace } = hardware;
  const groups =
    l3Groups.length === 1 ? '1 L3 cache' : `${l3Groups.length} L3 caches (${l3Groups.join(' · ')})`;
  return {
    sealer,
    cpu: hardware.cpu,
    cores: `${cores} cores, ${threads} threads, ${groups}, ${numaNodes} NUMA ${numaNodes === 1 ? 'node' : 'nodes'}`,
    memory: formatBytes(hardware.memory),
    gpus: gpu?.devices.length,
    workspace: workspace
      ? `${workspace.path}, ${formatBytes(workspace.capacity)}, ${formatBytes(workspace.free)} free at its start`
      : 'could not be measured',
  };
}
