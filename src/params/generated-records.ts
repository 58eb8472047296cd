import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BeeproError } from '#core';
import { detailOf, hasCode, unreadable } from './file-errors.ts';

/** The file in which the generator records what it made in a folder. */
export const RECORDS_FILE = 'beepro-params.json';

const record = z.object({
  origin: z.enum(['generated', 'published']),
  /** Bytes. */
  size: z.number().int().nonnegative(),
  digest: z.string().regex(/^[0-9a-f]{32}$/),
  /** Seconds since 1970. */
  created: z.number().int().nonnegative(),
  /** Program and version. */
  tool: z.string(),
});

const records = z.object({ version: z.literal(1), files: z.record(z.string(), record) });

export type GeneratedRecord = z.infer<typeof record>;

/**
 * What was generated in a folder, by file name; empty when nothing was.
 * @throws BeeproError `PARAMS_RECORDS_UNREADABLE`, `PARAMS_FOLDER_UNREADABLE`
 */
export async function readGeneratedRecords(folder: string): Promise<ReadonlyMap<string, GeneratedRecord>> {
  const path = join(folder, RECORDS_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return new Map();
    throw unreadable(path, error);
  }
  try {
    const { files } = records.parse(JSON.parse(text));
    return new Map(Object.entries(files).filter(([, { origin }]) => origin === 'generated'));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : detailOf(error);
    throw new BeeproError('PARAMS_RECORDS_UNREADABLE', { path, detail }, { cause: error });
  }
}
