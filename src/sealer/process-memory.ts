import { readFileSync } from 'node:fs';
import type { Bytes } from '#core';

type Field = 'RssAnon' | 'RssShmem' | 'VmSwap';

/**
 * The memory that a process has for itself, swapped pages included: files that it has mapped, as proof parameters are,
 * do not count. 0 when there is no such process.
 */
export function ownMemory(pid: number): Bytes {
  return memoryOf(pid, ['RssAnon', 'VmSwap']);
}

/**
 * The physical memory that a process has taken and `MemAvailable` counts as used: files that it maps are not. 0 when
 * there is no such process.
 */
export function takenMemory(pid: number): Bytes {
  return memoryOf(pid, ['RssAnon', 'RssShmem']);
}

/** proc_pid_status(5): "kB" there are KiB. */
function memoryOf(pid: number, fields: readonly Field[]): Bytes {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return 0; // it has ended
  }
  const kib = (field: Field) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
  return fields.reduce((sum, field) => sum + kib(field), 0) * 1024;
}
