import type { AddressString, AttoFil, CidString } from '#core';
import type { AddressPrefix } from './address.ts';
import { cidToBytes, dagCborCid } from './cid.ts';
import { address, bigInt, bytes, decodeAs, encodeAs, int64, tuple, uint } from './schema.ts';
import { type Signature, signatureSchema, verifySignature } from './signature.ts';

/** An unsigned message. Amounts are attoFIL; gas is in units. */
export interface Message {
  readonly version: number;
  readonly to: AddressString;
  /** A key address (t1, t3) wherever the message is to be signed. */
  readonly from: AddressString;
  readonly nonce: number;
  readonly value: AttoFil;
  readonly gasLimit: bigint;
  readonly gasFeeCap: AttoFil;
  readonly gasPremium: AttoFil;
  readonly method: number;
  /** The CBOR of the method's parameters; empty for none. */
  readonly params: Uint8Array;
}

export interface SignedMessage {
  readonly message: Message;
  readonly signature: Signature;
}

/** Field order: Lotus `chain/types/message.go`. */
export const messageSchema = tuple({
  version: uint,
  to: address,
  from: address,
  nonce: uint,
  value: bigInt,
  gasLimit: int64,
  gasFeeCap: bigInt,
  gasPremium: bigInt,
  method: uint,
  params: bytes,
});

export const signedMessageSchema = tuple({ message: messageSchema, signature: signatureSchema });

export function encodeMessage(message: Message): Uint8Array {
  return encodeAs(messageSchema, message, 'a message');
}

/** @throws BeeproError `CBOR_MALFORMED` */
export function decodeMessage(data: Uint8Array, prefix: AddressPrefix): Message {
  return decodeAs(messageSchema, data, 'a message', prefix);
}

export function encodeSignedMessage(signed: SignedMessage): Uint8Array {
  return encodeAs(signedMessageSchema, signed, 'a signed message');
}

/** @throws BeeproError `CBOR_MALFORMED` */
export function decodeSignedMessage(data: Uint8Array, prefix: AddressPrefix): SignedMessage {
  return decodeAs(signedMessageSchema, data, 'a signed message', prefix);
}

/** The CID of the unsigned message. */
export function messageCid(message: Message): CidString {
  return dagCborCid(encodeMessage(message));
}

/**
 * The CID under which the chain knows a signed message: for BLS that of the bare message, because the block
 * keeps only an aggregate of the signatures; else that of message and signature. Source: Lotus `SignedMessage.Cid`.
 */
export function signedMessageCid(signed: SignedMessage): CidString {
  return signed.signature.type === 'bls'
    ? messageCid(signed.message)
    : dagCborCid(encodeSignedMessage(signed));
}

/** What is signed: the bytes of the unsigned message's CID. */
export function signingBytes(message: Message): Uint8Array {
  return cidToBytes(messageCid(message));
}

/** Whether the signature is that of `signer`, by default the message's `From`, over the message. */
export function verifySignedMessage(
  signed: SignedMessage,
  signer: AddressString = signed.message.from,
): boolean {
  return verifySignature(signed.signature, signer, signingBytes(signed.message));
}

/** Bytes of the message as the mempool counts them against its limit: signed, as CBOR. */
export function signedMessageLength(signed: SignedMessage): number {
  return encodeSignedMessage(signed).length;
}
