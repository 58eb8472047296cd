import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BeeproError } from '#core';
import {
  endProcess,
  identityOf,
  isAlive,
  type ProcessIdentity,
  pidNamespace,
  readJson,
  writeJsonDurably,
} from '#sealer';

const ownerFile = z.object({
  bootId: z.string(),
  pid: z.number().int(),
  startTime: z.number().int(),
  pidNamespace: z.string(),
  /** Absent in markers of older agents. */
  worker: z.string().optional(),
});
type Owner = z.infer<typeof ownerFile>;

/**
 * The agent's state folder, marked with the agent that uses it. The marker is the fence of what MySQL's fences do
 * not reach, the journal and the processes of this host: who is not named in it touches neither.
 */
export class StateFolder {
  readonly #marker: string;
  readonly #owner: Owner;
  /** The marker's file when it was last read and named this agent. */
  #seen: string | undefined;

  private constructor(marker: string, owner: Owner) {
    this.#marker = marker;
    this.#owner = owner;
  }

  /**
   * Takes the folder over for the agent that holds the worker's lease. An earlier agent of the same worker that is
   * still alive then has stood still beyond its lease (SIGSTOP, a hung disk): it is ended, so that it never wakes up
   * beside this one. Its sealers are nobody's children and go on.
   * @param onEnded told of such an agent
   * @throws BeeproError `WORKER_STATE_IN_USE` when the folder is another worker's
   */
  static async open(
    path: string,
    worker: string,
    onEnded: (agent: ProcessIdentity) => void,
  ): Promise<StateFolder> {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const marker = join(path, 'agent.json');
    const before = await ownerOf(marker);
    if (before && before.pid !== process.pid && before.pidNamespace === pidNamespace() && isAlive(before)) {
      if (before.worker !== worker || !(await endProcess(before)))
        throw new BeeproError('WORKER_STATE_IN_USE', { path });
      onEnded(before);
    }
    const own = identityOf(process.pid);
    if (!own) throw new BeeproError('INTERNAL', { detail: '/proc does not show this process' });
    const owner = { ...own, pidNamespace: pidNamespace(), worker };
    await writeJsonDurably(marker, owner);
    return new StateFolder(marker, owner);
  }

  /** False when a newer agent has taken the folder, or nobody can tell. */
  async isOurs(): Promise<boolean> {
    // Asked with every run: a marker is never written in place, so the file that was read before says the same.
    const file = await fileIdentity(this.#marker);
    if (file !== undefined && file === this.#seen) return true;
    const now = await ownerOf(this.#marker).catch(() => undefined);
    const { bootId, pid, startTime, pidNamespace: namespace } = this.#owner;
    const isOurs =
      now?.bootId === bootId &&
      now.pid === pid &&
      now.startTime === startTime &&
      now.pidNamespace === namespace;
    // Identified before it was read: one that took its place in between is another file at the next question.
    this.#seen = isOurs ? file : undefined;
    return isOurs;
  }

  async release(): Promise<void> {
    if (await this.isOurs()) await rm(this.#marker, { force: true });
  }
}

/** A file that takes another's place has a number or a time of its own. */
async function fileIdentity(path: string): Promise<string | undefined> {
  const facts = await stat(path, { bigint: true }).catch(() => undefined);
  return facts && `${facts.dev} ${facts.ino} ${facts.ctimeNs}`;
}

async function ownerOf(marker: string): Promise<Owner | undefined> {
  const owner = ownerFile.safeParse(await readJson(marker));
  return owner.success ? owner.data : undefined;
}
