import type { DeleteResult, UpdateResult } from 'kysely';

/** How many rows the WHERE clause found (mysql2 asks the server for found, not changed, rows). */
export function updatedRows(result: UpdateResult): number {
  return Number(result.numUpdatedRows);
}

export function deletedRows(result: DeleteResult): number {
  return Number(result.numDeletedRows);
}

/** The AUTO_INCREMENT id of an insert. */
export function insertedId(result: { readonly insertId: bigint | undefined }): number {
  if (result.insertId === undefined) throw new TypeError('the table has no AUTO_INCREMENT column');
  return Number(result.insertId);
}
