export { formatAge, formatBytes, formatDuration, shorten } from './format.ts';
export { toJson } from './json.ts';
export { type Column, renderTable } from './table.ts';
