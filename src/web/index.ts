export { loadCredentials, type WebCredentials } from './auth/credentials.ts';
export { METRICS } from './metrics.ts';
export { type Overview, readOverview } from './overview/overview.ts';
export { runUi, type UiCommand } from './run-ui.ts';
export { startWeb, type WebModules, type WebOptions } from './server.ts';
