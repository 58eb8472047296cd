import { CID } from 'multiformats/cid';
import { create as createDigest } from 'multiformats/hashes/digest';
import { BeeproError, type CidString } from '#core';
import { blake2b256 } from './hash.ts';

/** Multicodec numbers. Source: the multicodec table. */
export const DAG_CBOR = 0x71;
export const RAW = 0x55;
export const BLAKE2B_256 = 0xb220;

/**
 * Reads a CID in any base.
 * @throws BeeproError `CID_MALFORMED`
 */
export function parseCid(text: CidString): CID {
  try {
    return CID.parse(text);
  } catch (cause) {
    throw malformed(text, cause);
  }
}

/** @throws BeeproError `CID_MALFORMED` */
export function cidFromBytes(bytes: Uint8Array): CidString {
  try {
    return CID.decode(bytes).toString();
  } catch (cause) {
    throw malformed(Buffer.from(bytes.subarray(0, 64)).toString('hex'), cause);
  }
}

/** @throws BeeproError `CID_MALFORMED` */
export function cidToBytes(text: CidString): Uint8Array {
  return parseCid(text).bytes;
}

/** The CID of messages, blocks and state: CIDv1, dag-cbor, blake2b-256. */
export function dagCborCid(bytes: Uint8Array): CidString {
  return cidOfDigest(DAG_CBOR, BLAKE2B_256, blake2b256(bytes));
}

export function cidOfDigest(codec: number, hash: number, digest: Uint8Array): CidString {
  return CID.createV1(codec, createDigest(hash, digest)).toString();
}

function malformed(text: string, cause: unknown): BeeproError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new BeeproError('CID_MALFORMED', { text: text.slice(0, 120), expected: 'a CID', detail }, { cause });
}
