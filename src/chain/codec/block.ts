import type { AddressString, AttoFil, CidString, Epoch } from '#core';
import type { AddressPrefix } from './address.ts';
import { concatBytes } from './bytes.ts';
import { cidFromBytes, cidToBytes, dagCborCid } from './cid.ts';
import {
  address,
  array,
  bigInt,
  bytes,
  cid,
  decodeAs,
  encodeAs,
  int,
  nullable,
  type Schema,
  tuple,
  uint,
} from './schema.ts';
import { type Signature, signatureSchema, verifySignature } from './signature.ts';

export interface BeaconEntry {
  readonly round: number;
  readonly data: Uint8Array;
}

export interface ElectionProof {
  readonly winCount: number;
  readonly vrfProof: Uint8Array;
}

export interface PoStProof {
  /** Registered PoSt proof number. */
  readonly postProof: number;
  readonly proofBytes: Uint8Array;
}

/** A block header; field order of Lotus `chain/types/blockheader.go`. */
export interface BlockHeader {
  readonly miner: AddressString;
  /** The ticket's VRF proof. */
  readonly ticket: Uint8Array | null;
  readonly electionProof: ElectionProof | null;
  readonly beaconEntries: readonly BeaconEntry[];
  readonly winPoStProof: readonly PoStProof[];
  readonly parents: readonly CidString[];
  readonly parentWeight: bigint;
  readonly height: Epoch;
  readonly parentStateRoot: CidString;
  readonly parentMessageReceipts: CidString;
  readonly messages: CidString;
  readonly blsAggregate: Signature | null;
  /** Unix time, in seconds. */
  readonly timestamp: number;
  readonly blockSig: Signature | null;
  readonly forkSignaling: number;
  readonly parentBaseFee: AttoFil;
}

const ticketTuple = tuple({ vrfProof: bytes });
const ticket: Schema<Uint8Array | null> = {
  toCbor: (value, context) => (value === null ? null : ticketTuple.toCbor({ vrfProof: value }, context)),
  fromCbor: (data, context) => (data === null ? null : ticketTuple.fromCbor(data, context).vrfProof),
};

export const postProofSchema = tuple({ postProof: int, proofBytes: bytes });

export const blockHeaderSchema: Schema<BlockHeader> = tuple({
  miner: address,
  ticket,
  electionProof: nullable(tuple({ winCount: int, vrfProof: bytes })),
  beaconEntries: array(tuple({ round: uint, data: bytes })),
  winPoStProof: array(postProofSchema),
  parents: array(cid),
  parentWeight: bigInt,
  height: int,
  parentStateRoot: cid,
  parentMessageReceipts: cid,
  messages: cid,
  blsAggregate: nullable(signatureSchema),
  timestamp: uint,
  blockSig: nullable(signatureSchema),
  forkSignaling: uint,
  parentBaseFee: bigInt,
});

export function encodeBlockHeader(header: BlockHeader): Uint8Array {
  return encodeAs(blockHeaderSchema, header, 'a block header');
}

/** @throws BeeproError `CBOR_MALFORMED` */
export function decodeBlockHeader(data: Uint8Array, prefix: AddressPrefix): BlockHeader {
  return decodeAs(blockHeaderSchema, data, 'a block header', prefix);
}

export function blockCid(header: BlockHeader): CidString {
  return dagCborCid(encodeBlockHeader(header));
}

/** What the miner's worker signs: the header without its signature. */
export function blockSigningBytes(header: BlockHeader): Uint8Array {
  return encodeBlockHeader({ ...header, blockSig: null });
}

export function verifyBlockSignature(header: BlockHeader, workerKey: AddressString): boolean {
  return header.blockSig !== null && verifySignature(header.blockSig, workerKey, blockSigningBytes(header));
}

/** A tipset key's bytes: the CIDs of its blocks in order. Source: Lotus `types.TipSetKey`. */
export function tipSetKeyBytes(cids: readonly CidString[]): Uint8Array {
  return concatBytes(...cids.map((text) => cidToBytes(text)));
}

const CID_LENGTH = 38;

/** @throws BeeproError `CID_MALFORMED` */
export function tipSetKeyFromBytes(data: Uint8Array): CidString[] {
  const cids: CidString[] = [];
  for (let offset = 0; offset < data.length; offset += CID_LENGTH)
    cids.push(cidFromBytes(data.subarray(offset, offset + CID_LENGTH)));
  return cids;
}

/** One text for a tipset key, to compare and to store. */
export function tipSetKeyText(cids: readonly CidString[]): string {
  return cids.join(',');
}
