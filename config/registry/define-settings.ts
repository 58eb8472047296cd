import type { SettingType } from '../types/index.ts';

/**
 * For whom a value may differ: `global` for nobody, `miner` for each miner, `worker` for each class of workers and
 * each worker.
 */
export type ScopeKind = 'global' | 'miner' | 'worker';

export interface SettingDefinition<T> {
  readonly type: SettingType<T>;
  /** As an operator would type it. */
  readonly default: string;
  readonly scope: ScopeKind;
  /** One or two sentences: what it does, and what to consider. */
  readonly doc: string;
}

/** Keeps each setting's name and type of value. Each domain has a file of its own beside this one. */
export function defineSettings<const T extends Record<string, SettingDefinition<unknown>>>(settings: T): T {
  return settings;
}
