export { ChainControl } from './chain-control.ts';
export { cpuDevices, deviceSettings } from './cpu-devices.ts';
export { type InstallationOptions, LocalInstallation } from './installation.ts';
export type { LocalModules } from './modules.ts';
export { type RoleCommand, RoleProcess } from './role-process.ts';
