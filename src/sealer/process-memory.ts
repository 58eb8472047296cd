import { readFileSync } from 'node:fs';
import type { Bytes } from '#core';

/**
 * The memory that a process has for itself, swapped pages included: files that it has mapped, as proof parameters are,
 * do not count. 0 when there is no such process.
 */
export function ownMemory(pid: number): Bytes {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return 0; // it has ended
  }
  const kib = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return (kib('RssAnon') + kib('VmSwap')) * 1024;
}
