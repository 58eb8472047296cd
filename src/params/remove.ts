import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BeeproError } from '#core';
import { readGeneratedRecords } from './generated-records.ts';
import { findParameterFile } from './parameter-set.ts';
import { removeRecorded } from './sealer-params.ts';

/**
 * Removes a parameter file by its name. Proofs that run at that moment keep the content they have opened.
 * @param program the sealer program, which keeps the records of what was generated
 * @throws BeeproError `PARAMS_UNKNOWN_FILE`, `PARAMS_ABSENT`, and those of {@link removeRecorded}
 */
export async function removeFile(folder: string, name: string, program: string): Promise<void> {
  // Only names of the list: nothing else in the folder, or outside it, can be removed.
  const file = findParameterFile(name);
  if (!file) throw new BeeproError('PARAMS_UNKNOWN_FILE', { name });
  const records = await readGeneratedRecords(folder);
  if (records.has(file.name)) return removeRecorded(folder, file.name, program);
  try {
    await rm(join(folder, file.name));
  } catch (error) {
    throw new BeeproError('PARAMS_ABSENT', { name, folder }, { cause: error });
  }
}
