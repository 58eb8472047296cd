import type { Bytes } from '#core';
import type { Logger } from '#log';
import { type DiskSpace, folderUse, localDiskSpace } from '#storage';

/** The workspace's disk as it was measured. */
export interface DiskLook {
  readonly space: DiskSpace;
  /** What each sector's folder takes, by the folder's name; undefined: not counted yet. */
  readonly uses: ReadonlyMap<string, Bytes> | undefined;
}

export type DiskAnswer = { readonly look: DiskLook } | { readonly unknown: string };

export interface WorkspaceDiskOptions {
  readonly path: string;
  readonly log: Logger;
  /** In tests: how the disk is measured. */
  readonly measure?: (path: string) => Promise<DiskSpace>;
  readonly count?: (path: string) => Promise<ReadonlyMap<string, Bytes>>;
}

/** Others write there too: a look is good for so long, in ms. */
const FRESH_MS = 2_000;
/** While nothing runs here only others write. */
const IDLE_FRESH_MS = 5_000;
/** Folders are counted so often: sealing writes some GB in that time, and is then counted too high, never too low. */
const COUNT_MS = 10_000;
/** While nothing runs here, and nothing did at the last count. */
const IDLE_COUNT_MS = 60_000;
/** The first decision waits for the first measurement so long; later ones take the last and have it renewed. */
const PATIENCE_MS = 3_000;
/** An older look says nothing any more. */
const STALE_MS = 30_000;

/**
 * Measures the disk that sectors are sealed on, at most every two seconds. No question is asked while one like it waits: a
 * disk that hangs keeps two threads of this process, leaves the last look in force for a while, then none, and holds
 * up nothing else.
 */
export class WorkspaceDisk {
  readonly #options: WorkspaceDiskOptions;
  #space: { readonly value: DiskSpace; readonly at: number } | undefined;
  #uses: ReadonlyMap<string, Bytes> | undefined;
  #usesAt = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | undefined;
  #counting = false;
  #countedBusy = true;
  #trouble: string | undefined;

  constructor(options: WorkspaceDiskOptions) {
    this.#options = options;
  }

  /** @param busy whether anything is sealed here now */
  async look(busy: boolean): Promise<DiskAnswer> {
    const now = performance.now();
    if (!this.#space || now - this.#space.at >= (busy ? FRESH_MS : IDLE_FRESH_MS)) {
      this.#measuring ??= this.#measure().finally(() => {
        this.#measuring = undefined;
      });
      const isStale = !this.#space || now - this.#space.at >= STALE_MS;
      if (isStale) await atMost(this.#measuring, PATIENCE_MS);
    }
    if (now - this.#usesAt >= (busy || this.#countedBusy ? COUNT_MS : IDLE_COUNT_MS)) this.#count(busy);
    const known = this.#space;
    if (known && performance.now() - known.at < STALE_MS)
      return { look: { space: known.value, uses: this.#uses } };
    return {
      unknown: `the workspace disk cannot be measured: ${this.#trouble ?? 'it does not answer'}`,
    };
  }

  async #measure(): Promise<void> {
    const { path, measure = localDiskSpace, log } = this.#options;
    try {
      const value = await measure(path);
      this.#space = { value, at: performance.now() };
      if (this.#trouble !== undefined) log.info('the workspace disk answers again');
      this.#trouble = undefined;
    } catch (error) {
      const trouble = (error as Error).message;
      if (this.#trouble !== trouble) log.warn({ err: error }, 'the workspace disk cannot be measured');
      this.#trouble = trouble;
    }
  }

  #count(busy: boolean): void {
    if (this.#counting) return;
    this.#counting = true;
    this.#countedBusy = busy;
    const { path, count = folderUse, log } = this.#options;
    count(path)
      .then((uses) => {
        this.#uses = uses;
      })
      .catch((error: unknown) => {
        // Sectors are then counted by where they stand.
        this.#uses = undefined;
        log.debug({ err: error }, 'the workspace’s folders are not counted');
      })
      .finally(() => {
        this.#usesAt = performance.now();
        this.#counting = false;
      });
  }
}

async function atMost(work: Promise<void>, ms: number): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, ms);
  await Promise.race([work, late.promise]);
  clearTimeout(timer);
}
