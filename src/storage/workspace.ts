import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSectorName, type SectorId, sectorName } from '#core';

/**
 * The worker's own fast disk: one directory per sector while it is sealed. The names inside are the sealer's
 * (`docs/sealer-protocol.md`, "Sector directory").
 */
export class Workspace {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  dir(id: SectorId): string {
    return join(this.root, sectorName(id));
  }

  file(id: SectorId, name: SectorFile): string {
    return join(this.dir(id), name);
  }

  /** Makes the sector's directory, which the sealer expects to exist. */
  async prepare(id: SectorId): Promise<string> {
    await mkdir(this.dir(id), { recursive: true, mode: 0o700 });
    return this.dir(id);
  }

  /** Removes everything of the sector here. The caller knows that nobody needs it: landed and recorded, or given up. */
  async remove(id: SectorId): Promise<void> {
    await rm(this.dir(id), { recursive: true, force: true });
  }

  /** The sectors that have a directory here. */
  async list(): Promise<SectorId[]> {
    let names: string[];
    try {
      names = await readdir(this.root);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    return names.flatMap((name) => parseSectorName(name) ?? []);
  }
}

export type SectorFile = 'unsealed' | 'sealed' | 'cache' | 'c1.json';

/**
 * The files of the cache that proving needs after sealing: the others are removed by `clear-cache`. At 32 GiB and
 * more tree-r-last is eight files. Source: rust-fil-proofs `clear_cache`.
 */
export function isProvingCacheFile(name: string): boolean {
  return name === 'p_aux' || name === 't_aux' || /^sc-02-data-tree-r-last(-\d+)?\.dat$/.test(name);
}
