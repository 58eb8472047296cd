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

/**
 * What stands in a sector's directory in the place of 32 GiB: small files under the real names, each of which says
 * what it is. The markers have the real ones' meaning, so that a run that was interrupted goes on as it would.
 */
export class SectorFolder {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  async writeUnsealed(): Promise<void> {
    await this.#writeText('unsealed', 'data');
  }

  /** PC1: the labels are complete, the replica is a fresh copy of the data. */
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

  /** PC2 is about to encode in place: after this the replica is no copy any more. */
  async touch(): Promise<void> {
    await rm(join(this.dir, 'cache/beepro-fresh.json'), { force: true });
  }

  async writeReplica(commitments: { readonly comm_r: string; readonly comm_d: string }): Promise<void> {
    await this.#writeText('sealed', `a replica ${commitments.comm_r}`);
    for (const name of ['p_aux', 't_aux', 'sc-02-data-tree-r-last.dat'])
      await this.#writeText(`cache/${name}`, name);
    await this.#writeJson('cache/beepro-sealed.json', commitments);
  }

  async replica(): Promise<z.infer<typeof sealedFile> | undefined> {
    return sealedFile.safeParse(await this.#readJson('cache/beepro-sealed.json')).data;
  }

  /** Another key: nothing of the old one counts. */
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
