import { isSettingName, setSetting } from '#config';
import { BeeproError, type Phase } from '#core';
import { findWorker } from '#db';
import { type Proposal, type Suggestion, suggestLimits } from '#sched';
import { operator } from './arguments.ts';
import { type JsonOption, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { toJson } from './output/index.ts';
import { hostSizeOf, largestSectorSize, sectorCost } from './worker-hardware.ts';

const ROLES: Readonly<Record<Suggestion['role'], string>> = {
  everything: 'It can do every phase.',
  'no C2': 'It can do every phase but C2.',
  'C2 only': 'It can compute C2 for other machines.',
  nothing: 'It is too small for sectors of this size.',
};

/** @throws BeeproError `NOT_FOUND`, `WORKER_HARDWARE_UNKNOWN` */
export async function suggestForWorker(
  context: CliContext,
  name: string,
  options: JsonOption & { readonly apply?: boolean },
): Promise<void> {
  const worker = await findWorker(context.database.kysely, name);
  if (!worker) throw new BeeproError('NOT_FOUND', { what: 'worker', name });
  const settings = await context.settings();
  const host = hostSizeOf(worker, settings);
  if (!host) throw new BeeproError('WORKER_HARDWARE_UNKNOWN', { name });
  const size = await largestSectorSize(context);
  const { role, proposals, notes } = suggestLimits(host, sectorCost(settings, name, size, 'rule'));
  const lines = proposals.flatMap((proposal) => {
    if (!isSettingName(proposal.setting)) return [];
    const { text, from } = settings.explain(proposal.setting, { worker: name });
    return [{ ...proposal, now: text, from }];
  });
  if (options.apply) {
    const wake = await context.wake();
    for (const { setting, value } of lines) {
      await setSetting(
        context.database,
        { name: setting, scope: `worker:${name}`, value, who: operator() },
        wake,
      );
    }
  }
  if (options.json) {
    printLine(
      toJson({ worker: name, size, host, role, proposals: lines, notes, applied: options.apply === true }),
    );
    return;
  }
  printLine(`${name}, for sectors of ${size}: ${ROLES[role]}\n`);
  printRows(
    lines,
    [
      { title: 'SETTING', value: (row) => row.setting },
      { title: 'NOW', value: (row) => row.now, align: 'right' },
      { title: 'SUGGESTED', value: (row) => row.value, align: 'right' },
      { title: 'BECAUSE', value: (row) => row.why },
    ],
    { none: 'Nothing is suggested.' },
  );
  for (const note of notes) printLine(`\n${note}`);
  if (options.apply) printLine(`\nSet for worker ${name}.`);
  else if (lines.length > 0) {
    printLine('\nTo set it, give --apply, or these:');
    for (const proposal of lines) printLine(`  ${commandFor(proposal, name)}`);
  }
}

function commandFor({ setting, value }: Proposal, worker: string): string {
  const phase = /^worker\.limit\.(.+)$/.exec(setting)?.[1] as Phase | undefined;
  return phase
    ? `beepro worker limit ${worker} ${phase} ${value}`
    : `beepro setting set ${setting} ${value} --scope worker:${worker}`;
}
