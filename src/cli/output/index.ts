export { formatAge, formatBytes, formatDuration, shorten } from './format.ts';
export { toJson } from './json.ts';
export { ProgressLine, progressNotes } from './progress-line.ts';
export { type Column, renderTable } from './table.ts';
