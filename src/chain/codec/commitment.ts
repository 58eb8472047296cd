import { BeeproError, type Bytes, type CidString } from '#core';
import { concatBytes } from './bytes.ts';
import { cidOfDigest, parseCid, RAW } from './cid.ts';
import { decodeVarint, encodeVarint } from './varint.ts';

/** Multicodec numbers of sector and piece commitments. Source: go-fil-commcid. */
const FIL_COMMITMENT_UNSEALED = 0xf101;
const FIL_COMMITMENT_SEALED = 0xf102;
const SHA2_256_TRUNC254_PADDED = 0x1012;
const POSEIDON_BLS12_381_A2_FC1 = 0xb401;
/** Source: FRC-0069. */
const FR32_SHA256_TRUNC254_PADBINTREE = 0x1011;

/** The CID of unsealed data: CommD of a sector, CommP of a piece (`baga6ea4seaq…`). */
export function unsealedCid(commitment: Uint8Array): CidString {
  return cidOfDigest(FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED, checked(commitment));
}

/** The CID of a sealed replica: CommR (`bagboea4b5abc…`). */
export function sealedCid(commitment: Uint8Array): CidString {
  return cidOfDigest(FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1, checked(commitment));
}

/** The 32 bytes of CommD or CommP. @throws BeeproError `CID_MALFORMED` */
export function unsealedCommitment(cid: CidString): Uint8Array {
  return commitmentOf(
    cid,
    FIL_COMMITMENT_UNSEALED,
    SHA2_256_TRUNC254_PADDED,
    'an unsealed commitment (CommD)',
  );
}

/** The 32 bytes of CommR. @throws BeeproError `CID_MALFORMED` */
export function sealedCommitment(cid: CidString): Uint8Array {
  return commitmentOf(cid, FIL_COMMITMENT_SEALED, POSEIDON_BLS12_381_A2_FC1, 'a sealed commitment (CommR)');
}

export interface PieceCid {
  /** CommP, 32 bytes. */
  readonly commitment: Uint8Array;
  /** Padded size in bytes; only a v2 piece CID carries it. */
  readonly paddedBytes?: Bytes;
  /** Bytes of the data itself; only a v2 piece CID carries it. */
  readonly payloadBytes?: Bytes;
}

/** Reads a piece CID of version 1 (`baga…`) or 2 (FRC-0069, `bafkzcib…`). @throws BeeproError `CID_MALFORMED` */
export function parsePieceCid(text: CidString): PieceCid {
  const cid = parseCid(text);
  if (cid.code !== RAW || cid.multihash.code !== FR32_SHA256_TRUNC254_PADBINTREE)
    return { commitment: unsealedCommitment(text) };
  const digest = cid.multihash.digest;
  const padding = decodeVarint(digest);
  const height = padding && digest[padding.length];
  if (!padding || height === undefined || digest.length !== padding.length + 33 || height < 2 || height > 47)
    throw wrongKind(text, 'a piece CID', 'its digest is malformed');
  const paddedBytes = 2 ** height * 32;
  const payloadBytes = (paddedBytes / 128) * 127 - Number(padding.value);
  if (!(payloadBytes > 0)) throw wrongKind(text, 'a piece CID', 'its padding is larger than the piece');
  return { commitment: digest.slice(padding.length + 1), paddedBytes, payloadBytes };
}

/** The version 2 CID of a piece of `payloadBytes` bytes of data in a padded piece of `paddedBytes`. Source: FRC-0069. */
export function pieceCidV2(commitment: Uint8Array, paddedBytes: Bytes, payloadBytes: Bytes): CidString {
  const padding = encodeVarint(BigInt((paddedBytes / 128) * 127 - payloadBytes));
  const height = Uint8Array.of(Math.log2(paddedBytes / 32));
  return cidOfDigest(RAW, FR32_SHA256_TRUNC254_PADBINTREE, concatBytes(padding, height, checked(commitment)));
}

function commitmentOf(text: CidString, codec: number, hash: number, expected: string): Uint8Array {
  const cid = parseCid(text);
  if (cid.code !== codec || cid.multihash.code !== hash || cid.multihash.digest.length !== 32)
    throw wrongKind(text, expected, 'it names something else');
  return cid.multihash.digest.slice();
}

function checked(commitment: Uint8Array): Uint8Array {
  if (commitment.length === 32) return commitment;
  throw new BeeproError('CBOR_UNENCODABLE', {
    what: 'a commitment',
    detail: `it has ${commitment.length} bytes, not 32`,
  });
}

function wrongKind(text: string, expected: string, detail: string): BeeproError {
  return new BeeproError('CID_MALFORMED', { text: text.slice(0, 120), expected, detail });
}
