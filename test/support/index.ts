export { createMigratedDatabase, type MigratedDatabase } from './migrated-database.ts';
export { type PrivateServers, startPrivateServers } from './private-servers.ts';
export { exampleReport, insertReportedWorkers } from './reported-fleet.ts';
export { mysqlOptions, redisOptions } from './server-options.ts';
export { canMount, SmallDisk } from './small-disk.ts';
export { createTestDatabase, type TestDatabase } from './test-database.ts';
export { createTestFolder, type TestFolder } from './test-folder.ts';
export { createTestRedis, type TestRedis } from './test-redis.ts';
export { type WaitOptions, waitFor } from './wait-for.ts';
