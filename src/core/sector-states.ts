/**
 * Where a sector stands. The transition table over these states is `#sector`; this list is in core because
 * the database, the pages and the scheduler name them too.
 */
export const SECTOR_STATES = [
  'Packing',
  'AddPiece',
  'PreCommit1',
  'PreCommit2',
  'PreCommitBatching',
  'PreCommitWait',
  'WaitSeed',
  'Commit1',
  'Commit2',
  'ClearCache',
  'CommitBatching',
  'CommitWait',
  'Proving',
  'Parked',
  'Removing',
  'Removed',
] as const;

export type SectorState = (typeof SECTOR_STATES)[number];
