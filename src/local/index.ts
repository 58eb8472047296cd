export { type InstallationOptions, LocalInstallation } from './installation.ts';
export { type RoleCommand, RoleProcess } from './role-process.ts';
