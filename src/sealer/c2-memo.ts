import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BeeproError } from '#core';

/**
 * Networks that were made for tests: their tickets and seeds depend on nothing but the chain's seed and the
 * sector, so the same sector always needs the same proof.
 */
const TEST_NETWORK = /^beepro-devnet-test\b/;

const entryFile = z.object({
  format: z.literal(1),
  c1Sha256: z.string(),
  parameters: z.string(),
  proof: z.string().regex(/^([0-9a-f]{2})+$/),
});

/**
 * Real proofs, stored by what they depend on, so that tests can seal thousands of times: C1's output is
 * deterministic, C2 (100 CPU-seconds) proves it under the parameters at hand. Whoever uses a proof verifies it as
 * any other. Off unless `BEEPRO_C2_MEMO_DIR` is set, and refused on any network that was not made for tests.
 */
export class C2Memo {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static fromEnvironment(env: NodeJS.ProcessEnv = process.env): C2Memo | undefined {
    const dir = env.BEEPRO_C2_MEMO_DIR;
    return dir ? new C2Memo(dir) : undefined;
  }

  /** @throws BeeproError `SEALER_MEMO_REFUSED` */
  static checkNetwork(network: string): void {
    if (!TEST_NETWORK.test(network)) throw new BeeproError('SEALER_MEMO_REFUSED', { network });
  }

  /** The proof (hex) of this C1 output, or undefined; a damaged entry counts as none. */
  async find(network: string, c1Sha256: string, parameters: string): Promise<string | undefined> {
    C2Memo.checkNetwork(network);
    let text: string;
    try {
      text = await readFile(this.#path(c1Sha256, parameters), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    const entry = entryFile.safeParse(parse(text));
    const fits = entry.success && entry.data.c1Sha256 === c1Sha256 && entry.data.parameters === parameters;
    return fits ? entry.data.proof : undefined;
  }

  async store(network: string, c1Sha256: string, parameters: string, proof: string): Promise<void> {
    C2Memo.checkNetwork(network);
    await mkdir(this.#dir, { recursive: true });
    const path = this.#path(c1Sha256, parameters);
    const temporary = `${path}.${process.pid}.tmp`;
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(JSON.stringify({ format: 1, c1Sha256, parameters, proof }));
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  }

  #path(c1Sha256: string, parameters: string): string {
    return join(this.#dir, `${digest(`${c1Sha256}\n${parameters}`)}.json`);
  }
}

/**
 * What tells the PoRep parameters of this machine from others: the digest of their verifying keys. A proof is
 * good under exactly one of them. The empty string when there is none yet.
 */
export async function porepParametersIdentity(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) =>
    /^v\d+-stacked-proof-of-replication-.*\.vk$/.test(name),
  );
  if (names.length === 0) return '';
  const hash = createHash('sha256');
  for (const name of names.sort()) hash.update(`${name}\0`).update(await readFile(join(directory, name)));
  return hash.digest('hex');
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // a damaged entry counts as none
  }
}
