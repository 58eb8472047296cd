import { configDefaults, defineConfig } from 'vitest/config';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Suites that use the real servers get them from the environment, or have them started. */
const withServers = ['test/support/global-setup.ts'];

/**
 * `npm test` runs the projects in this order: what fails fast is told first. Within a project, files run side by
 * side only where they do not compete: proofs take all cores, and chaos measures nothing but must not starve.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    execArgv: ['--conditions=development'],
    maxWorkers: 2,
    exclude: [...configDefaults.exclude, '**/.state/**'],
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20 * SECOND },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: withServers,
          testTimeout: MINUTE,
          hookTimeout: MINUTE,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: withServers,
          fileParallelism: false,
          testTimeout: 20 * MINUTE,
          hookTimeout: 10 * MINUTE,
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          // Each installation mostly waits for its chain: three share two cores.
          maxConcurrency: 3,
          include: ['test/chaos/**/*.test.ts'],
          globalSetup: withServers,
          fileParallelism: false,
          testTimeout: 20 * MINUTE,
          hookTimeout: 10 * MINUTE,
        },
      },
    ],
  },
});
