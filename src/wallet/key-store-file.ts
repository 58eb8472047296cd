import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { BeeproError } from '#core';

const FORMAT = 'beepro key store';
const base64 = z.base64();
/** Bounds keep a forged file from costing all memory. */
const cost = z.object({
  N: z
    .int()
    .min(2)
    .max(2 ** 20),
  r: z.int().min(1).max(32),
  p: z.int().min(1).max(16),
});
const entrySchema = z.object({
  address: z.string(),
  type: z.enum(['secp256k1', 'bls']),
  salt: base64,
  nonce: base64,
  tag: base64,
  ciphertext: base64,
  cost,
});
const fileSchema = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  keys: z.array(entrySchema),
});

export type KeyStoreEntry = z.output<typeof entrySchema>;

/** The entries of a key store; none when the file does not exist. @throws BeeproError `WALLET_STORE_DAMAGED` */
export async function readKeyStoreFile(path: string): Promise<readonly KeyStoreEntry[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new BeeproError('WALLET_STORE_LOCKED', { path, detail: String(error) }, { cause: error });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new BeeproError('WALLET_STORE_DAMAGED', { path, detail: 'it is no JSON' }, { cause });
  }
  const parsed = fileSchema.safeParse(json);
  if (parsed.success) return parsed.data.keys;
  const [issue] = parsed.error.issues;
  throw new BeeproError('WALLET_STORE_DAMAGED', {
    path,
    detail: `${issue?.path.join('.')}: ${issue?.message}`,
  });
}

/** A half-written file this old, in ms, was left by a process that died. */
const ABANDONED_MS = 60_000;

/**
 * Replaces the entries by what `update` makes of them: one writer at a time, also among processes; the file whole
 * or not at all, readable by its owner alone, and on disk before this returns.
 * @throws BeeproError `WALLET_STORE_LOCKED` while another process writes, `WALLET_STORE_DAMAGED`
 */
export async function updateKeyStoreFile(
  path: string,
  update: (entries: readonly KeyStoreEntry[]) => Promise<readonly KeyStoreEntry[]>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  const file = await openExclusively(path, temporary);
  try {
    const keys = await update(await readKeyStoreFile(path));
    await file.writeFile(`${JSON.stringify({ format: FORMAT, version: 1, keys }, undefined, 2)}\n`);
    await file.sync();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await file.close();
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function openExclusively(path: string, temporary: string): Promise<FileHandle> {
  try {
    return await open(temporary, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const { mtimeMs } = await stat(temporary);
    const ageMs = Date.now() - mtimeMs;
    if (ageMs < ABANDONED_MS)
      throw new BeeproError('WALLET_STORE_LOCKED', { path, detail: 'another process is writing it' });
    await rm(temporary, { force: true });
    return open(temporary, 'wx', 0o600);
  }
}
