import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, removeDurably, writeJsonDurably } from '#sealer';

const requestFile = z.object({ id: z.string(), op: z.string(), params: z.unknown(), started_at: z.number() });
export type StoredRequest = z.infer<typeof requestFile>;

const endFile = z.union([
  z.object({ result: z.record(z.string(), z.unknown()), elapsed_ms: z.number() }),
  z.object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      data: z.record(z.string(), z.unknown()).optional(),
    }),
    elapsed_ms: z.number(),
  }),
]);
export type StoredEnd = z.infer<typeof endFile>;

/** The journal of a sealer's runs: `<id>.request.json` before the start, `<id>.result.json` before the end is told. */
export class RunStore {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }

  async writeRequest(request: StoredRequest): Promise<void> {
    await writeJsonDurably(this.#path(request.id, 'request'), request);
  }

  async writeEnd(id: string, end: StoredEnd): Promise<void> {
    await writeJsonDurably(this.#path(id, 'result'), end);
  }

  async request(id: string): Promise<StoredRequest | undefined> {
    return requestFile.safeParse(await readJson(this.#path(id, 'request'))).data;
  }

  async end(id: string): Promise<StoredEnd | undefined> {
    return endFile.safeParse(await readJson(this.#path(id, 'result'))).data;
  }

  async forget(id: string): Promise<boolean> {
    const known = (await this.request(id)) !== undefined;
    await removeDurably(this.#path(id, 'result'));
    await removeDurably(this.#path(id, 'request'));
    return known;
  }

  ids(): string[] {
    return readdirSync(this.#dir).flatMap((name) => /^(.+)\.request\.json$/.exec(name)?.[1] ?? []);
  }

  /** The highest host epoch that was seen, kept over restarts. */
  async raiseEpoch(epoch: number): Promise<void> {
    await writeJsonDurably(join(this.#dir, 'epoch'), epoch);
  }

  async epoch(): Promise<number> {
    const kept = z.number().safeParse(await readJson(join(this.#dir, 'epoch')));
    return kept.success ? kept.data : 0;
  }

  #path(id: string, what: 'request' | 'result'): string {
    return join(this.#dir, `${id}.${what}.json`);
  }
}
