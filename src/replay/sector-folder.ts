import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { STAND_IN_MARK } from '#sealer';

const keyFile = z.object({
  ticket: z.string(),
  pieces: z.array(z.object({ padded_size: z.number(), comm_p: z.string() })),
});
export type PlayedKey = z.infer<typeof keyFile>;

const sealedFile = z.object({ comm_r: z.string(), comm_d: z.string() });
export type PlayedReplica = z.infer<typeof sealedFile>;

/** Where the played ops keep what a sector has come to. */
export interface PlayedSector {
  writeUnsealed(): Promise<void>;
  /** PC1: the labels are complete, the replica is a fresh copy of the data. */
  writeLabels(key: PlayedKey): Promise<void>;
  key(): Promise<PlayedKey | undefined>;
  isFresh(): Promise<boolean>;
  /** PC2 is about to encode in place: after this the replica is no copy any more. */
  touch(): Promise<void>;
  writeReplica(commitments: PlayedReplica): Promise<void>;
  replica(): Promise<PlayedReplica | undefined>;
  /** Another key: nothing of the old one counts. */
  wipe(): Promise<void>;
}

/** The same without a file, for hosts whose disks are not what is measured. Nothing can be landed from it. */
export class MemorySector implements PlayedSector {
  #key: PlayedKey | undefined;
  #fresh = false;
  #replica: PlayedReplica | undefined;

  async writeUnsealed(): Promise<void> {}

  async writeLabels(key: PlayedKey): Promise<void> {
    this.#key = key;
    this.#fresh = true;
  }

  async key(): Promise<PlayedKey | undefined> {
    return this.#key;
  }

  async isFresh(): Promise<boolean> {
    return this.#fresh;
  }

  async touch(): Promise<void> {
    this.#fresh = false;
  }

  async writeReplica(commitments: PlayedReplica): Promise<void> {
    this.#replica = commitments;
  }

  async replica(): Promise<PlayedReplica | undefined> {
    return this.#replica;
  }

  async wipe(): Promise<void> {
    this.#key = undefined;
    this.#fresh = false;
    this.#replica = undefined;
  }
}

/**
 * What stands in a sector's directory in the place of 32 GiB: small files under the real names, each of which says
 * what it is. The markers have the real ones' meaning, so that a run that was interrupted goes on as it would.
 */
export class SectorFolder implements PlayedSector {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  async writeUnsealed(): Promise<void> {
    await this.#writeText('unsealed', 'data');
  }

  async writeLabels(key: PlayedKey): Promise<void> {
    await mkdir(join(this.dir, 'cache'), { recursive: true });
    await this.#writeText('sealed', 'a copy of the data');
    await this.#writeJson('cache/beepro-key.json', key);
    await this.#writeJson('cache/beepro-fresh.json', {});
  }

  async key(): Promise<PlayedKey | undefined> {
    return keyFile.safeParse(await this.#readJson('cache/beepro-key.json')).data;
  }

  async isFresh(): Promise<boolean> {
    return (await this.#readJson('cache/beepro-fresh.json')) !== undefined;
  }

  async touch(): Promise<void> {
    await rm(join(this.dir, 'cache/beepro-fresh.json'), { force: true });
  }

  async writeReplica(commitments: PlayedReplica): Promise<void> {
    await this.#writeText('sealed', `a replica ${commitments.comm_r}`);
    for (const name of ['p_aux', 't_aux', 'sc-02-data-tree-r-last.dat'])
      await this.#writeText(`cache/${name}`, name);
    await this.#writeJson('cache/beepro-sealed.json', commitments);
  }

  async replica(): Promise<PlayedReplica | undefined> {
    return sealedFile.safeParse(await this.#readJson('cache/beepro-sealed.json')).data;
  }

  async wipe(): Promise<void> {
    await rm(join(this.dir, 'cache'), { recursive: true, force: true });
    await rm(join(this.dir, 'sealed'), { force: true });
  }

  async #writeText(name: string, what: string): Promise<void> {
    await this.#write(name, `${STAND_IN_MARK} stands for ${what}\n`);
  }

  async #writeJson(name: string, value: unknown): Promise<void> {
    await this.#write(name, `${JSON.stringify({ standIn: 'replay', ...(value as object) })}\n`);
  }

  async #write(name: string, text: string): Promise<void> {
    const path = join(this.dir, name);
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
  }

  async #readJson(name: string): Promise<unknown> {
    try {
      return JSON.parse(await readFile(join(this.dir, name), 'utf8'));
    } catch {
      return undefined; // not there, or not whole
    }
  }
}
