import { type FileHandle, open } from 'node:fs/promises';
import type { Bytes } from '#core';
import { unreadable } from './file-errors.ts';

/** Bytes of an uncompressed point of BLS12-381's groups. */
const G1 = 96;
const G2 = 192;
/** A verifying key before its list of inputs: α and β in G1, β and γ in G2, δ in G1 and in G2. */
const KEY_HEAD = 3 * G1 + 3 * G2;
const LENGTH = 4;
/** After the key: H, L, A and B in G1, B in G2, each with its length before it. */
const LISTS = [G1, G1, G1, G1, G2];

/**
 * Whether a file is as long as the lengths written in it say; this finds what a broken copy truncated, in five
 * short reads. Only parameters and verifying keys are checked; others are taken to be whole.
 * Format: bellperson `groth16::Parameters::write`.
 */
export async function isWhole(path: string, size: Bytes): Promise<boolean> {
  if (!path.endsWith('.params') && !path.endsWith('.vk')) return true;
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const lists = [G1, ...(path.endsWith('.params') ? LISTS : [])];
    let offset = KEY_HEAD;
    for (const point of lists) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(LENGTH), 0, LENGTH, offset);
      if (bytesRead < LENGTH) return false;
      offset += LENGTH + buffer.readUInt32BE() * point;
    }
    return offset === size;
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await file?.close();
  }
}
