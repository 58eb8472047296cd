import { readFileSync } from 'node:fs';

/**
 * How many processes the kernel's out-of-memory killer has ended on this machine since it booted, those that hit the
 * limit of their control group among them; undefined where the kernel does not say. A process cannot see what ended
 * another, and SIGKILL looks the same from whomever it comes: this counter tells the two apart without root.
 */
export function oomKills(vmstat = readVmstat()): number | undefined {
  const count = /^oom_kill (\d+)$/m.exec(vmstat)?.[1];
  return count === undefined ? undefined : Number(count);
}

function readVmstat(): string {
  try {
    return readFileSync('/proc/vmstat', 'utf8');
  } catch {
    return ''; // no Linux, or /proc is closed: nothing is known
  }
}
