import type { SettingType } from '../types/index.ts';
import { ADMISSION_SETTINGS } from './admission.ts';
import { BATCH_SETTINGS } from './batch.ts';
import { CHAIN_SETTINGS } from './chain.ts';
import { COORDINATOR_SETTINGS } from './coordinator.ts';
import type { SettingDefinition } from './define-settings.ts';
import { DEVICE_SETTINGS } from './devices.ts';
import { FEE_SETTINGS } from './fee.ts';
import { MESSAGE_SETTINGS } from './message.ts';
import { OUTSOURCE_SETTINGS } from './outsource.ts';
import { PACE_SETTINGS } from './pace.ts';
import { PLEDGE_SETTINGS } from './pledge.ts';
import { SEALING_SETTINGS } from './sealing.ts';
import { STORAGE_SETTINGS } from './storage.ts';
import { WALLET_SETTINGS } from './wallet.ts';
import { WEB_SETTINGS } from './web.ts';
import { WORKER_SETTINGS } from './worker.ts';

export type { ScopeKind, SettingDefinition } from './define-settings.ts';
export { FEE_PURPOSES, type FeePurpose } from './fee.ts';
export { SENDER_PURPOSES, type SenderPurpose } from './wallet.ts';

/** Every setting there is; `docs/settings.md` is made from it. */
export const SETTINGS = {
  ...SEALING_SETTINGS,
  ...WORKER_SETTINGS,
  ...ADMISSION_SETTINGS,
  ...DEVICE_SETTINGS,
  ...OUTSOURCE_SETTINGS,
  ...COORDINATOR_SETTINGS,
  ...CHAIN_SETTINGS,
  ...MESSAGE_SETTINGS,
  ...FEE_SETTINGS,
  ...WALLET_SETTINGS,
  ...BATCH_SETTINGS,
  ...PACE_SETTINGS,
  ...PLEDGE_SETTINGS,
  ...STORAGE_SETTINGS,
  ...WEB_SETTINGS,
};

type Registry = typeof SETTINGS;
export type SettingName = keyof Registry;
/** What `get` returns: milliseconds for durations, bytes, epochs, attoFIL (bigint), a choice, a flag. */
export type SettingValue<N extends SettingName> =
  Registry[N]['type'] extends SettingType<infer T> ? T : never;

export const SETTING_NAMES = Object.keys(SETTINGS).toSorted() as SettingName[];

export function isSettingName(text: string): text is SettingName {
  return Object.hasOwn(SETTINGS, text);
}

/** The definition with its value's type forgotten, for code that treats all settings alike. */
export function settingDefinition(name: SettingName): SettingDefinition<unknown> {
  return SETTINGS[name] as SettingDefinition<unknown>;
}
