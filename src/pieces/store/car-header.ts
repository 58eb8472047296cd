import { open } from 'node:fs/promises';
import { decode } from 'cborg';
import { BeeproError } from '#core';

/** A CAR version 2 file begins with this pragma (a version 1 header that says version 2). Source: IPLD CARv2. */
const V2_PRAGMA = Buffer.from('0aa16776657273696f6e02', 'hex');
const V2_HEADER_LENGTH = 40;
const LONGEST_HEADER = 1024 * 1024;

export interface CarHeader {
  readonly version: 1 | 2;
  readonly roots: number;
}

/**
 * Checks that a file begins as a CAR does. The file itself is the piece's data, byte for byte.
 * @throws BeeproError `PIECE_NOT_A_CAR`
 */
export async function readCarHeader(path: string): Promise<CarHeader> {
  const fail = (detail: string) => new BeeproError('PIECE_NOT_A_CAR', { path, detail });
  const file = await open(path, 'r');
  try {
    const read = async (length: number, position: number) => {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
      return buffer.subarray(0, bytesRead);
    };
    const start = await read(V2_PRAGMA.length + V2_HEADER_LENGTH, 0);
    if (!start.subarray(0, V2_PRAGMA.length).equals(V2_PRAGMA)) {
      return { version: 1, roots: await readRoots(read, 0, fail) };
    }
    if (start.length < V2_PRAGMA.length + V2_HEADER_LENGTH) throw fail('its header ends too early');
    // 16 bytes of characteristics, then the offset of the version 1 payload.
    const offset = start.readBigUInt64LE(V2_PRAGMA.length + 16);
    if (offset > Number.MAX_SAFE_INTEGER) throw fail('its data offset is out of range');
    return { version: 2, roots: await readRoots(read, Number(offset), fail) };
  } finally {
    await file.close();
  }
}

async function readRoots(
  read: (length: number, position: number) => Promise<Buffer>,
  position: number,
  fail: (detail: string) => BeeproError,
): Promise<number> {
  const prefix = readVarint(await read(9, position));
  if (!prefix || prefix.value < 1 || prefix.value > LONGEST_HEADER)
    throw fail('it does not begin with a header');
  const bytes = await read(prefix.value, position + prefix.length);
  if (bytes.length < prefix.value) throw fail('its header ends too early');
  let header: unknown;
  try {
    header = decode(bytes, { tags: { 42: (inner) => inner() } });
  } catch (error) {
    throw fail(`its header is no DAG-CBOR: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof header !== 'object' || header === null || !('version' in header) || header.version !== 1) {
    throw fail('its header names no version 1');
  }
  if (!('roots' in header) || !Array.isArray(header.roots) || !header.roots.every(isCid)) {
    throw fail('its header has no list of roots');
  }
  return header.roots.length;
}

/** In DAG-CBOR a CID is tag 42 on its bytes behind a zero byte. */
function isCid(value: unknown): boolean {
  return value instanceof Uint8Array && value.length > 2 && value[0] === 0;
}

function readVarint(bytes: Uint8Array): { readonly value: number; readonly length: number } | undefined {
  let value = 0;
  for (const [index, byte] of bytes.entries()) {
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, length: index + 1 };
  }
  return undefined;
}
