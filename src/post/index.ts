/** Keeping sectors proven and mining with them: pure decisions first, effects in the roles. */
export * from './winning/index.ts';
