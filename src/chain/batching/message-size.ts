import { blsAddress, encodeSignedMessage, idAddress, type SignedMessage } from '#codec';
import type { Bytes } from '#core';
import type { NetworkPolicy } from '../policy/index.ts';

/** How the members stand in a message's parameters; `aggregate`: one proof for all of them. */
export type BatchForm = 'precommit' | 'commit' | 'aggregate';

/** The room of one message, in the same terms for deciding and for sending. */
export interface BatchRoom {
  readonly form: BatchForm;
  /** Most bytes of the signed message. */
  readonly limit: Bytes;
  /** Bytes to be kept for the aggregate proof of `count` members; only where the form is `aggregate`. */
  readonly proofBytes?: (count: number) => Bytes;
}

/**
 * The most that a signed message may have. Lotus refuses above 64 KiB (`MaxMessageSize` of `chain/messagepool`) and
 * keeps 128 bytes below that when it picks messages for a block.
 */
export function messageLimit(policy: NetworkPolicy): Bytes {
  return policy.maxMessageBytes - policy.messageEnvelopeBytes;
}

/**
 * Bytes of the signed message with `count` members that add `memberBytes` to its parameters: exactly what the encoder
 * makes of the widest nonce, amounts and signature there are, which are known only when it is signed.
 */
export function messageBytes(room: BatchRoom, count: number, memberBytes: Bytes): Bytes {
  return signedBytes(paramsBytes(room, count, memberBytes));
}

/** Bytes of the signed message with so many bytes of parameters, at the widest. */
export function signedBytes(params: Bytes): Bytes {
  return ENVELOPE + headBytes(params) + params;
}

/** Whether so many members fit one message. */
export function fitsMessage(room: BatchRoom, count: number, memberBytes: Bytes): boolean {
  return messageBytes(room, count, memberBytes) <= room.limit;
}

/** PreCommitSectorBatch2 is a tuple of one array; ProveCommitSectors3 of two arrays, a proof, its type, two flags. */
function paramsBytes({ form, proofBytes }: BatchRoom, count: number, memberBytes: Bytes): Bytes {
  if (form === 'precommit') return 1 + headBytes(count) + memberBytes;
  if (form === 'commit') return 1 + 2 * headBytes(count) + memberBytes + 1 + 1 + 2;
  const proof = proofBytes?.(count) ?? 0;
  return 1 + headBytes(count) + memberBytes + 1 + headBytes(proof) + proof + 1 + 2;
}

/** Bytes of a CBOR head that says a length or a number. Source: RFC 8949, 3. */
export function headBytes(value: number): Bytes {
  if (value < 24) return 1;
  if (value < 2 ** 8) return 2;
  if (value < 2 ** 16) return 3;
  return value < 2 ** 32 ? 5 : 9;
}

/** All the FIL there is, in attoFIL. */
const ALL_FIL = 2_000_000_000n * 10n ** 18n;

/** No message is wider beside its parameters. */
export const WIDEST_MESSAGE: SignedMessage = {
  message: {
    version: 0,
    to: idAddress(Number.MAX_SAFE_INTEGER, 't'),
    from: blsAddress(new Uint8Array(48), 't'),
    nonce: Number.MAX_SAFE_INTEGER,
    value: ALL_FIL,
    gasLimit: 2n ** 63n - 1n,
    gasFeeCap: ALL_FIL,
    gasPremium: ALL_FIL,
    method: 34,
    params: new Uint8Array(),
  },
  signature: { type: 'bls', data: new Uint8Array(96) },
};

/** Bytes of the widest message without its parameters and their head. */
const ENVELOPE = encodeSignedMessage(WIDEST_MESSAGE).length - headBytes(0);
