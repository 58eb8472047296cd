export { isDuplicateKey, isLockConflict } from './connection/connection-errors.ts';
export { parseDatabaseUrl } from './connection/database-url.ts';
export {
  checkDatabase,
  type Database,
  type DatabaseOptions,
  type Executor,
  openDatabase,
  type Trx,
} from './database.ts';
export { holdLease, LeaseKeeper, type LeaseKeeperOptions } from './lease-keeper.ts';
export {
  type MigrationStatus,
  migrate,
  migrateDatabase,
  migrationStatus,
  requireMigrated,
} from './migrate.ts';
export type { Migration } from './migrations/index.ts';
export * from './repositories/audit-rows.ts';
export * from './repositories/index.ts';
export {
  type ActiveRun,
  countProvingByHour,
  countRunsByStatus,
  countSectorsByState,
  countWorkers,
  listParkedSectors,
  listRunningRuns,
  listWorkerLoads,
  type ParkedSector,
  type StateCount,
  type WorkerLoad,
} from './repositories/overview.ts';
export type * from './schema/index.ts';
export { transaction, untilNoConflict } from './transaction.ts';
