import type { ColumnType } from 'kysely';

/**
 * The tables, as the migrations leave them. Times are DATETIME(3) in UTC; money is DECIMAL(38,0) attoFIL read as
 * bigint; ids and epochs are BIGINT read as numbers; JSON columns are read as values and written with
 * JSON.stringify by the repositories. SQL names are the names of code, CLI and page.
 */
export type Json<T> = ColumnType<T, string, string>;
export type JsonOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>;
/** Set by the database on insert (`DEFAULT CURRENT_TIMESTAMP(3)`). */
export type CreatedAt = ColumnType<Date, Date | undefined, never>;
