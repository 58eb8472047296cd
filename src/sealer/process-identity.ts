import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Names a process for good: pids are used again, so the machine's boot and the process's start time (clock
 * ticks since boot, field 22 of /proc/PID/stat) belong to its name.
 */
export interface ProcessIdentity {
  readonly bootId: string;
  readonly pid: number;
  readonly startTime: number;
}

export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** The process that has this pid now; undefined when there is none, or only its zombie. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  if (stat === undefined) return undefined;
  // The program's name stands in parentheses and may hold blanks and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], Number(fields[19])];
  if (state === 'Z' || state === 'X' || !Number.isSafeInteger(startTime)) return undefined;
  return { bootId: readBootId(), pid, startTime };
}

export function isAlive(identity: ProcessIdentity): boolean {
  const current = identityOf(identity.pid);
  return current?.bootId === identity.bootId && current.startTime === identity.startTime;
}

/** The pid namespace, as `/proc/self/ns/pid` names it: a container's pids are not its host's. */
export function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid');
}

function readStat(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined; // it has ended
  }
}
