import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BeeproError } from '#core';
import { identityOf, isAlive, pidNamespace, readJson, writeJsonDurably } from '#sealer';

const ownerFile = z.object({
  bootId: z.string(),
  pid: z.number().int(),
  startTime: z.number().int(),
  pidNamespace: z.string(),
});

/**
 * The agent's state folder, marked as in use: two agents would read and end each other's sealers. The host's lease
 * keeps two agents of one name apart; this catches two names on one folder.
 */
export class StateFolder {
  readonly #marker: string;

  private constructor(marker: string) {
    this.#marker = marker;
  }

  /** @throws BeeproError `WORKER_STATE_IN_USE` */
  static async open(path: string): Promise<StateFolder> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const marker = join(path, 'agent.json');
    const owner = ownerFile.safeParse(await readJson(marker));
    const same = owner.success && owner.data.pid === process.pid;
    if (owner.success && !same && owner.data.pidNamespace === pidNamespace() && isAlive(owner.data)) {
      throw new BeeproError('WORKER_STATE_IN_USE', { path });
    }
    await writeJsonDurably(marker, { ...identityOf(process.pid), pidNamespace: pidNamespace() });
    return new StateFolder(marker);
  }

  async release(): Promise<void> {
    await rm(this.#marker, { force: true });
  }
}
