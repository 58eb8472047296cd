import type { Bytes } from './ids.ts';

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `2 KiB`, `1.5 GiB`: three digits at most. */
export function formatBytes(bytes: Bytes): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = value >= 100 || Number.isInteger(value) ? 0 : 1;
  return `${value.toFixed(digits)} ${BYTE_UNITS[unit] ?? 'B'}`;
}

/** A length of time: `350ms`, `4.2s`, `3m05s`, `2h48m`, `12d03h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)}s`;
  const pair = (value: number, small: number, names: readonly [string, string]): string => {
    const whole = Math.floor(value / small);
    return `${whole}${names[0]}${String(Math.floor(value % small)).padStart(2, '0')}${names[1]}`;
  };
  if (seconds < 3600) return pair(seconds, 60, ['m', 's']);
  if (seconds < 86_400) return pair(seconds / 60, 60, ['h', 'm']);
  return pair(seconds / 3600, 24, ['d', 'h']);
}
