/**
 * A numbered change of the schema: plain SQL statements, run one by one, in order, once. They must run on MariaDB
 * 10.11 and MySQL 8.4 alike. An applied migration is never edited; a change is a new migration.
 */
export interface Migration {
  /** Counts from 1 without gaps, and begins the file's name. */
  readonly number: number;
  readonly name: string;
  readonly steps: readonly string[];
}

/** Binary collation: names, states and CIDs are told apart by case and compared byte by byte. */
export const TABLE_OPTIONS = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin';
