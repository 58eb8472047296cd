import { formatDuration } from '#core';

/** How long ago a time was, or `never`. */
export function formatAge(at: Date | null | undefined, now: Date = new Date()): string {
  return at ? formatDuration(Math.max(0, now.getTime() - at.getTime())) : 'never';
}

/** The start of a long name, for tables: `bagaaaa…wxyz`. */
export function shorten(text: string | null | undefined, keep = 8): string {
  if (!text) return '–';
  return text.length <= 2 * keep + 1 ? text : `${text.slice(0, keep)}…${text.slice(-4)}`;
}
