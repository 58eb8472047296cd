export { formatBytes, formatDuration } from '#core';
export { formatAge, shorten } from './format.ts';
export { toJson } from './json.ts';
export { ProgressLine, progressNotes } from './progress-line.ts';
export { type Column, renderTable } from './table.ts';
