import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type ActorId, BeeproError, type Epoch } from '#core';
import { writeJsonDurably } from '#sealer';

const fileSchema = z.object({ miner: z.int().min(0), epoch: z.int().min(0) });

/**
 * The highest epoch for which this host knows that a block was signed, on its own disk: what a database that was
 * restored from a copy has forgotten. Every process that mines or stands by keeps one, of all blocks that it sees.
 */
export class Watermark {
  readonly #path: string;
  readonly #miner: ActorId;
  #epoch: Epoch | undefined;

  private constructor(path: string, miner: ActorId, epoch: Epoch | undefined) {
    this.#path = path;
    this.#miner = miner;
    this.#epoch = epoch;
  }

  /**
   * The watermark of a miner in `folder`, without an epoch when there was no file.
   * @throws BeeproError `MINING_WATERMARK_UNREADABLE` when there is one that cannot be read
   */
  static async open(folder: string, miner: ActorId): Promise<Watermark> {
    const path = join(folder, `mined-t0${miner}.json`);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new Watermark(path, miner, await readEpoch(path, miner));
  }

  get epoch(): Epoch | undefined {
    return this.#epoch;
  }

  /** On disk when this returns; an epoch that is not higher changes nothing. */
  async raise(epoch: Epoch): Promise<void> {
    if (this.#epoch !== undefined && epoch <= this.#epoch) return;
    await writeJsonDurably(this.#path, { miner: this.#miner, epoch });
    this.#epoch = epoch;
  }
}

async function readEpoch(path: string, miner: ActorId): Promise<Epoch | undefined> {
  const unreadable = (detail: string, cause?: unknown): BeeproError =>
    new BeeproError('MINING_WATERMARK_UNREADABLE', { path, detail }, { cause });
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable((error as Error).message, error);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw unreadable('it is no JSON', error);
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success || parsed.data.miner !== miner) throw unreadable(`it is not of miner t0${miner}`);
  return parsed.data.epoch;
}
