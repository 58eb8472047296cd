import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BeeproError, type SectorId, sectorName } from '#core';
import { type Database, findStoragePath, listLandedFiles } from '#db';

/** Reads every landed file of the sectors and compares its SHA-256 with the record; returns how many there were. */
export async function verifyLanded(
  database: Database,
  sectors: readonly SectorId[],
  logs: string,
): Promise<number> {
  let verified = 0;
  for (const id of sectors) {
    const files = await listLandedFiles(database.kysely, id);
    if (files.length === 0) fail(id, 'no landed file is recorded', logs);
    for (const file of files) {
      const storage = await findStoragePath(database.kysely, file.storage_id);
      const path = join(storage?.path ?? '', file.path);
      const sha256 = await hashFile(path);
      if (sha256 !== file.sha256) fail(id, `${path} has SHA-256 ${sha256}, recorded is ${file.sha256}`, logs);
      verified += 1;
    }
  }
  return verified;
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function fail(id: SectorId, detail: string, logs: string): never {
  throw new BeeproError('LOCAL_SEALING_FAILED', { sector: sectorName(id), detail, logs });
}
