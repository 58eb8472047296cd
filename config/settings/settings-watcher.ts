import {
  bumpSettingVersion,
  type Database,
  fingerprintSettings,
  lockSettings,
  readSettingVersion,
  type SettingChange,
  transaction,
} from '#db';
import type { SettingsWake } from './redis-wake.ts';
import { acknowledgeChanges } from './set-setting.ts';

const LOOK_EVERY_MS = 500;

export interface SettingsWatcherOptions {
  readonly database: Database;
  readonly wake?: SettingsWake | undefined;
  readonly everyMs?: number;
  readonly onChanges?: ((changes: readonly SettingChange[]) => void) | undefined;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * Notices changes that somebody made by plain SQL, which neither tell anyone nor leave a history: compares the
 * table's fingerprint with the last one acknowledged, writes the difference into the history with `who` = `sql`, and
 * wakes everyone. Any number may run; one gets the lock. What happened while none ran is found at the next start.
 */
export class SettingsWatcher implements AsyncDisposable {
  readonly #options: SettingsWatcherOptions;
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(options: SettingsWatcherOptions) {
    this.#options = options;
    this.#schedule(0);
  }

  /** Looks once, now; returns what was found. */
  async look(): Promise<SettingChange[]> {
    const { database, wake, onChanges } = this.#options;
    const { fingerprint } = await readSettingVersion(database.kysely);
    if ((await fingerprintSettings(database.kysely)) === fingerprint) return [];
    const changes = await transaction(database, async (trx) => {
      const seen = await lockSettings(trx);
      const found = await acknowledgeChanges(trx, 'sql');
      if (found.length > 0) return found;
      // The rows equal the history, so only the stamp is old: a change was taken back before anyone looked.
      const current = await fingerprintSettings(trx);
      if (current !== seen.fingerprint) await bumpSettingVersion(trx, current);
      return [];
    });
    if (changes.length > 0) {
      onChanges?.(changes);
      await wake?.publish();
    }
    return changes;
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #schedule(delayMs: number): void {
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.look().catch((error: unknown) => this.#options.onError?.(error));
      this.#looking.finally(() => this.#schedule(this.#options.everyMs ?? LOOK_EVERY_MS));
    }, delayMs);
  }
}
