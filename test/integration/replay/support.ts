import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** PC1 takes 20 minutes, the rest a minute or less. */
export const PROFILE = join(import.meta.dirname, 'machine.json');

/** The sealer processes of a worker, with the runs that their journals know. */
export function sealersOf(dir: string, worker: string): { pid: number; runs: number[] }[] {
  const sealers = join(dir, 'state', 'workers', worker, 'sealers');
  return readdirSync(sealers).flatMap((name) => {
    try {
      const { pid } = JSON.parse(readFileSync(join(sealers, name, 'sealer.json'), 'utf8')) as { pid: number };
      const runs = readdirSync(join(sealers, name, 'state')).flatMap((file) => {
        const run = /^r(\d+)\..*\.request\.json$/.exec(file)?.[1];
        return run === undefined ? [] : [Number(run)];
      });
      return [{ pid, runs }];
    } catch {
      return []; // it is just being started or removed
    }
  });
}
