import { dirname, join } from 'node:path';
import { BeeproError, type SectorId, sectorName } from '#core';

/** A row of `landed_file`, as far as readers need it. */
export interface LandedRecord {
  readonly kind: 'sealed' | 'cache' | 'unsealed';
  readonly storage_id: number;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Where a landed sector lies on this machine. */
export interface LandedSector {
  readonly sealed: string;
  /** The folder of p_aux, t_aux and tree-r-last. */
  readonly cache: string;
  readonly unsealed: string | undefined;
}

/**
 * Follows the record: readers never guess a path or match a pattern, because losers' copies may lie beside.
 * @param roots the directory of each storage path by its id, as mounted here
 * @throws BeeproError `STORAGE_UNKNOWN_PATH`, `STORAGE_FILE_MISSING`
 */
export function locateLanded(
  id: SectorId,
  records: readonly LandedRecord[],
  roots: ReadonlyMap<number, string>,
): LandedSector {
  const locate = (record: LandedRecord): string => {
    const root = roots.get(record.storage_id);
    if (root === undefined) throw new BeeproError('STORAGE_UNKNOWN_PATH', { id: record.storage_id });
    return join(root, record.path);
  };
  const find = (kind: LandedRecord['kind']) => records.find((record) => record.kind === kind);
  const [sealed, cache, unsealed] = [find('sealed'), find('cache'), find('unsealed')];
  if (!sealed || !cache) {
    throw new BeeproError('STORAGE_FILE_MISSING', { path: `${sectorName(id)} (it has not landed)` });
  }
  return {
    sealed: locate(sealed),
    cache: dirname(locate(cache)),
    unsealed: unsealed ? locate(unsealed) : undefined,
  };
}
