export { type Environment, type HostPort, needMysql, needRedis, readEnvironment } from './environment.ts';
export {
  FEE_PURPOSES,
  type FeePurpose,
  isSettingName,
  type ScopeKind,
  SENDER_PURPOSES,
  SETTING_NAMES,
  SETTINGS,
  type SenderPurpose,
  type SettingDefinition,
  type SettingName,
  type SettingValue,
  settingDefinition,
} from './registry/index.ts';
export { type OperatorStamp, StampAnnouncer, StampReader } from './settings/operator-stamp.ts';
export { formatSettingValue, parseSettingName, parseSettingValue } from './settings/parse-setting.ts';
export { type RedisWakeOptions, redisWake, type SettingsWake } from './settings/redis-wake.ts';
export { type Contradiction, contradictions, contradictionsOf } from './settings/relations.ts';
export { checkScope, type SettingContext } from './settings/scope.ts';
export { type SetSettingRequest, setSetting } from './settings/set-setting.ts';
export { type Explanation, type SettingEntry, SettingTable } from './settings/setting-table.ts';
export { openSettings, Settings, type SettingsOptions } from './settings/settings.ts';
export { SettingsWatcher, type SettingsWatcherOptions } from './settings/settings-watcher.ts';
export { renderSettingsPage } from './settings-page.ts';
export type { ApiInfo, ChainNode, DeclaredDevice, DeclaredDevices, SignerSetting } from './types/index.ts';
export { nodeUrl, parseApiInfo, ValueError } from './types/index.ts';
