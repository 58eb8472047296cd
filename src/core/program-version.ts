import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';

/** This program's version, as its package.json has it: `0.1.0`. */
export function programVersion(): string {
  const path = findPackageJSON(import.meta.url);
  const version = path && (JSON.parse(readFileSync(path, 'utf8')) as { version?: string }).version;
  return version || 'unknown';
}
