import { readFileSync } from 'node:fs';

/** More cores than any machine has; beyond it a number is a slip of the pen. */
const HIGHEST_CORE = 4095;

/**
 * The cores of a set as Linux and `taskset -c` write it, such as `0-3,8`: ascending, each once. Undefined when the
 * text is no such set.
 */
export function parseCoreSet(text: string): readonly number[] | undefined {
  const cores = new Set<number>();
  for (const part of text.trim().split(',')) {
    const [, first = '', last = first] = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim()) ?? [];
    if (first === '') return undefined;
    const [from, to] = [Number(first), Number(last)];
    if (from > to || to > HIGHEST_CORE) return undefined;
    for (let core = from; core <= to; core += 1) cores.add(core);
  }
  return [...cores].sort((a, b) => a - b);
}

/** `0-3,8`. */
export function formatCoreSet(cores: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const core of [...new Set(cores)].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && core === run[1] + 1) run[1] = core;
    else runs.push([core, core]);
  }
  return runs.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}

/** The cores that this process, and so what it starts, may run on. */
export function allowedCores(): readonly number[] {
  const status = readFileSync('/proc/self/status', 'utf8');
  return parseCoreSet(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '') ?? [];
}
