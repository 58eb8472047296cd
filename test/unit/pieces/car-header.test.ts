import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readCarHeader } from '#pieces';

const folder = mkdtempSync(join(tmpdir(), 'beepro-car-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `{roots: [identity CID of "x"], version: 1}` in DAG-CBOR, as the CARv1 specification lays it out. */
const HEADER = Buffer.from('a265726f6f747381d82a460001550001786776657273696f6e01', 'hex');
const V1 = Buffer.concat([Buffer.of(HEADER.length), HEADER, Buffer.from('blocks')]);

function v2(): Buffer {
  const header = Buffer.alloc(40);
  header.writeBigUInt64LE(51n, 16);
  header.writeBigUInt64LE(BigInt(V1.length), 24);
  return Buffer.concat([Buffer.from('0aa16776657273696f6e02', 'hex'), header, V1]);
}

const write = (data: Uint8Array) => {
  const path = join(folder, 'file.car');
  writeFileSync(path, data);
  return path;
};

describe('a CAR file', () => {
  it('of version 1 and 2 is known by its header', async () => {
    expect(await readCarHeader(write(V1))).toEqual({ version: 1, roots: 1 });
    expect(await readCarHeader(write(v2()))).toEqual({ version: 2, roots: 1 });
  });

  it.each([
    ['no data', Buffer.alloc(0)],
    ['text', Buffer.from('hello, this is no archive')],
    ['zeros', Buffer.alloc(100)],
    ['a header cut off', V1.subarray(0, 20)],
    ['an endless length', Buffer.alloc(20, 0xff)],
    ['CBOR without roots', Buffer.concat([Buffer.of(10), Buffer.from('a16776657273696f6e01', 'hex')])],
    ['version 3', Buffer.concat([Buffer.of(HEADER.length), HEADER.subarray(0, -1), Buffer.of(3)])],
    ['a version 2 whose data is elsewhere', v2().subarray(0, 51)],
  ])('%s is none', async (_what, data) => {
    await expect(readCarHeader(write(data))).rejects.toMatchObject({ code: 'PIECE_NOT_A_CAR' });
  });
});
