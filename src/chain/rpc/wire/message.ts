import { z } from 'zod';
import {
  type Message,
  type MessageReceipt,
  messageCid,
  SIGNATURE_TYPE_NUMBER,
  type Signature,
  type SignedMessage,
  signatureTypeOf,
  signedMessageCid,
} from '#codec';
import { lotusObject } from './lotus-object.ts';
import { address, bigInt, bytes, cid, epoch, int, int64, tipSetKey, uint } from './primitives.ts';

const messageFields = lotusObject({
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

/** Written with its CID, as Lotus does; a CID that is read is ignored, as Lotus does. */
export const message: z.ZodType<Message> = z.codec(z.looseObject({}), z.custom<Message>(), {
  decode(json, context) {
    const parsed = z.safeDecode(messageFields, json as never);
    if (parsed.success) return parsed.data;
    context.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: json }) as never));
    return z.NEVER;
  },
  encode: (value) => ({
    ...(z.encode(messageFields, value) as Record<string, unknown>),
    CID: { '/': messageCid(value) },
  }),
});

export const signature: z.ZodType<Signature> = z.codec(
  z.object({ Type: z.int(), Data: bytes }),
  z.custom<Signature>(),
  {
    decode(json, context) {
      const type = signatureTypeOf(json.Type);
      if (type) return { type, data: json.Data };
      context.issues.push({ code: 'custom', message: `Unknown signature type ${json.Type}`, input: json });
      return z.NEVER;
    },
    encode: (value) => ({ Type: SIGNATURE_TYPE_NUMBER[value.type], Data: value.data }),
  },
);

export const signedMessage: z.ZodType<SignedMessage> = z.codec(
  z.object({ Message: message, Signature: signature, CID: z.unknown().optional() }),
  z.custom<SignedMessage>(),
  {
    decode: (json) => ({ message: json.Message, signature: json.Signature }),
    encode: (value) => ({
      Message: value.message,
      Signature: value.signature,
      CID: { '/': signedMessageCid(value) },
    }),
  },
);

export const receipt: z.ZodType<MessageReceipt> = lotusObject({
  exitCode: int,
  return: bytes,
  gasUsed: uint,
  eventsRoot: cid.nullable(),
});

/**
 * Where a message stands. `tipSet` and `height` are those of the tipset that *executed* it, the child of the
 * one that includes it; `message` differs from the one asked when it was replaced by fee.
 */
export const messageLookup = lotusObject({
  message: cid,
  receipt,
  returnDec: z.unknown(),
  tipSet: tipSetKey,
  height: epoch,
});

const gasCost = lotusObject({
  message: cid.nullable(),
  gasUsed: bigInt,
  baseFeeBurn: bigInt,
  overEstimationBurn: bigInt,
  minerPenalty: bigInt,
  minerTip: bigInt,
  refund: bigInt,
  totalCost: bigInt,
});

/** What `StateCall` and `StateReplay` give; the execution trace is dropped. */
export const invocation = lotusObject({
  msgCid: cid,
  msg: message,
  msgRct: receipt,
  gasCost,
  error: z.string(),
  /** Nanoseconds. */
  duration: uint,
});

/** `maxFee` 0 leaves the fee limit to the node. */
export const sendSpec = lotusObject({ maxFee: bigInt });

/** A message of a block's parents, with the CID the chain knows it under. */
export const messageWithCid = lotusObject({ cid, message });

export type MessageLookup = z.output<typeof messageLookup>;
export type Invocation = z.output<typeof invocation>;
export type SendSpec = z.output<typeof sendSpec>;
export type MessageWithCid = z.output<typeof messageWithCid>;
