import { z } from 'zod';
import { BitField, fromBase64, parseAddress, parseCid, toBase64 } from '#codec';
import { type AddressString, BeeproError, type CidString } from '#core';

/** The small parts of Lotus' JSON, each readable and writable (`z.decode`, `z.encode`). */

/** What our error says when `check` throws one. */
function problemOf(check: (text: string) => unknown, text: string): string | undefined {
  try {
    check(text);
    return undefined;
  } catch (error) {
    if (error instanceof BeeproError) return error.message;
    throw error;
  }
}

function accepts(check: (text: string) => unknown): (text: string, context: z.RefinementCtx) => void {
  return (text, context) => {
    const message = problemOf(check, text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  };
}

/** `t01000`, `t3…`. */
export const address: z.ZodType<AddressString> = z.string().superRefine(accepts(parseAddress));

/** An address that may be absent: `null`, or `<empty>` as Go prints an undefined one. */
export const optionalAddress: z.ZodType<AddressString | null> = z.codec(
  z.string().nullable(),
  z.custom<AddressString | null>(),
  {
    decode(text, context) {
      if (text === null || text === '<empty>') return null;
      const message = problemOf(parseAddress, text);
      if (message === undefined) return text;
      context.issues.push({ code: 'custom', message, input: text });
      return z.NEVER;
    },
    encode: (value) => value ?? '<empty>',
  },
);

const cidText = z.string().superRefine(accepts(parseCid));

/** `{"/": "bafy…"}` as the bare CID. */
export const cid: z.ZodType<CidString> = z.codec(z.object({ '/': cidText }), z.custom<CidString>(), {
  decode: (link) => link['/'],
  encode: (text) => ({ '/': text }),
});

/** Base64, where `null` is the empty string of bytes, as Go writes a nil slice. */
export const bytes: z.ZodType<Uint8Array> = z.codec(z.string().nullable(), z.custom<Uint8Array>(), {
  decode(text, context) {
    const decoded = text === null ? new Uint8Array() : fromBase64(text);
    if (decoded) return decoded;
    context.issues.push({ code: 'custom', message: 'Invalid base64', input: text });
    return z.NEVER;
  },
  encode: (value) => (value.length === 0 ? null : toBase64(value)),
});

/** A decimal string: amounts of attoFIL, power, weight. */
export const bigInt: z.ZodType<bigint> = z.codec(
  z.string().regex(/^-?\d+$/, 'Invalid decimal number'),
  z.custom<bigint>(),
  { decode: (text) => BigInt(text), encode: (value) => value.toString() },
);

/** A bare number that may be beyond 2^53: gas. */
export const int64: z.ZodType<bigint> = z.codec(z.union([z.int(), z.bigint()]), z.custom<bigint>(), {
  decode: (number) => BigInt(number),
  encode: (value) => value,
});

export const int: z.ZodType<number> = z.int();
export const uint: z.ZodType<number> = z.int().nonnegative();
export const epoch: z.ZodType<number> = z.int();

/** Run lengths that begin with an unset run; `null` for no bitfield. */
export const bitField: z.ZodType<BitField> = z.codec(z.array(z.int().nonnegative()), z.custom<BitField>(), {
  decode(lengths, context) {
    try {
      return BitField.fromJson(lengths);
    } catch (error) {
      if (!(error instanceof BeeproError)) throw error;
      context.issues.push({ code: 'custom', message: error.message, input: lengths });
      return z.NEVER;
    }
  },
  encode: (value) => value.toJson(),
});

/** A list; `null` is read as the empty one. */
export function list<S extends z.ZodType>(item: S): z.ZodType<readonly z.output<S>[]> {
  return z.codec(z.array(item).nullable(), z.custom<readonly z.output<S>[]>(), {
    decode: (items) => items ?? [],
    encode: (items) => [...items],
  });
}

/** A list which Lotus writes as `null` when it is empty. */
export function listOrNull<S extends z.ZodType>(item: S): z.ZodType<readonly z.output<S>[]> {
  return z.codec(z.array(item).nullable(), z.custom<readonly z.output<S>[]>(), {
    decode: (items) => items ?? [],
    encode: (items) => (items.length === 0 ? null : [...items]),
  });
}

/** A tipset key: the CIDs of its blocks; empty stands for the node's head. */
export const tipSetKey = list(cid);
