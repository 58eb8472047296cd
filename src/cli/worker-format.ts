import { z } from 'zod';
import { BeeproError, PHASE_NAMES, PHASES } from '#core';
import { findWorker, listRunningRuns } from '#db';
import { type JsonOption, printFacts, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatBytes, formatDuration, toJson } from './output/index.ts';
import { formatSector } from './sector-format.ts';

/** @throws BeeproError `NOT_FOUND` */
export async function showWorker(context: CliContext, name: string, options: JsonOption): Promise<void> {
  const db = context.database.kysely;
  const [worker, runs, settings] = await Promise.all([
    findWorker(db, name),
    listRunningRuns(db, [name]),
    context.settings(),
  ]);
  if (!worker) throw new BeeproError('NOT_FOUND', { what: 'worker', name });
  const limits = PHASE_NAMES.map((phase) => {
    const { value, from } = settings.explain(`worker.limit.${phase}`, { worker: name });
    return { phase, limit: value, from, running: runs.filter((run) => run.phase === phase).length };
  });
  const { value: maxSectors, from: maxSectorsFrom } = settings.explain('worker.max_sectors', {
    worker: name,
  });
  const { value: className, from: classFrom } = settings.explain('worker.class', { worker: name });
  const isAway = worker.heartbeatAgeMs > settings.get('worker.heartbeat_expiry');
  if (options.json) {
    printLine(
      toJson({
        ...worker,
        class: className,
        isAway,
        limits,
        maxSectors: { value: maxSectors, from: maxSectorsFrom },
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
      ...capabilityFacts(worker.capabilities),
      'max sectors': `${maxSectors === 0 ? 'no limit' : maxSectors} (${maxSectorsFrom})`,
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
    ],
    { none: '' },
  );
  if (limits.every((row) => row.limit === 0)) {
    printLine(
      `\nIt takes nothing: every limit is 0. Give it work with: beepro worker limit ${name} precommit1 1`,
    );
  }
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

/** What the sealer said of itself and the machine; an older or newer sealer may say something else. */
const CAPABILITIES = z.object({
  version: z.string().optional(),
  proofs_version: z.string().optional(),
  cpu: z.object({ model: z.string(), logical: z.number() }).optional(),
  memory_bytes: z.number().optional(),
  gpu: z.object({ devices: z.array(z.unknown()) }).optional(),
  stand_in: z.string().optional(),
  profile: z.string().optional(),
  speed: z.number().optional(),
});

function capabilityFacts(capabilities: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const known = CAPABILITIES.safeParse(capabilities);
  if (!known.success) return { capabilities: JSON.stringify(capabilities) };
  const { version, proofs_version: proofs, cpu, memory_bytes: memory, gpu } = known.data;
  const { stand_in: standIn, profile, speed } = known.data;
  return {
    sealer: standIn
      ? `STAND-IN (${standIn}): plays ${profile} at 1:${speed}, proves nothing`
      : version && `${version}, filecoin-proofs-api ${proofs ?? 'unknown'}`,
    cpu: cpu && `${cpu.logical} × ${cpu.model}`,
    memory: memory && formatBytes(memory),
    gpus: gpu?.devices.length,
  };
}
