import { type AddressString, BeeproError, type CidString } from '#core';
import { type AddressPrefix, addressFromBytes, addressToBytes, formatAddress } from './address.ts';
import { bigIntFromBytes, bigIntToBytes } from './big-int.ts';
import { BitField } from './bit-field.ts';
import { type CborValue, decodeCbor, encodeCbor, linkFromCbor, linkToCbor } from './cbor.ts';
import { cidFromBytes, cidToBytes } from './cid.ts';

/** Where in a value the work stands, for error messages, and how addresses are to be written. */
export interface SchemaContext {
  readonly path: string;
  readonly prefix: AddressPrefix;
}

/** How one type of the chain stands in CBOR. Structures are tuples: arrays of their fields in order. */
export interface Schema<T> {
  toCbor(value: T, context: SchemaContext): CborValue;
  fromCbor(data: CborValue, context: SchemaContext): T;
}

export type SchemaValue<S> = S extends Schema<infer T> ? T : never;

/** @throws BeeproError `CBOR_UNENCODABLE`, `ADDRESS_MALFORMED`, `CID_MALFORMED` */
export function encodeAs<T>(schema: Schema<T>, value: T, what: string): Uint8Array {
  if ((schema as Schema<unknown>) === nothing) return new Uint8Array();
  return encodeCbor(schema.toCbor(value, { path: what, prefix: 't' }));
}

/** @throws BeeproError `CBOR_MALFORMED` with the path of the field that does not fit */
export function decodeAs<T>(schema: Schema<T>, bytes: Uint8Array, what: string, prefix: AddressPrefix): T {
  const context = { path: what, prefix };
  if ((schema as Schema<unknown>) === nothing && bytes.length === 0) return schema.fromCbor(null, context);
  return schema.fromCbor(decodeCbor(bytes, what), context);
}

function unencodable(context: SchemaContext, detail: string): BeeproError {
  return new BeeproError('CBOR_UNENCODABLE', { what: context.path, detail });
}

function malformed(context: SchemaContext, expected: string, data: CborValue): BeeproError {
  const found = data === null ? 'null' : Array.isArray(data) ? `an array of ${data.length}` : typeof data;
  return new BeeproError('CBOR_MALFORMED', {
    what: context.path,
    detail: `${found} where ${expected} belongs`,
  });
}

function integer(minimum: number, expected: string): Schema<number> {
  const fits = (value: unknown): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum;
  return {
    toCbor(value, context) {
      if (!fits(value)) throw unencodable(context, `${value} is not ${expected}`);
      return value === 0 ? 0 : value;
    },
    fromCbor(data, context) {
      if (!fits(data)) throw malformed(context, expected, data);
      return data;
    },
  };
}

/** An unsigned integer that fits a JavaScript number: nonces, sector numbers, indexes, proof types. */
export const uint = integer(0, 'an unsigned integer below 2^53');
/** A signed one: epochs. */
export const int = integer(Number.MIN_SAFE_INTEGER, 'an integer below 2^53');

/** A signed 64-bit integer that may be beyond 2^53: gas limits, allocation ids. */
export const int64: Schema<bigint> = {
  toCbor(value, context) {
    if (BigInt.asIntN(64, value) !== value) throw unencodable(context, `${value} is not a 64-bit integer`);
    return value;
  },
  fromCbor(data, context) {
    const value = typeof data === 'number' && Number.isInteger(data) ? BigInt(data) : data;
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value)
      throw malformed(context, 'a 64-bit integer', data);
    return value;
  },
};

/** Arbitrary precision, as a byte string: amounts of attoFIL, power. */
export const bigInt: Schema<bigint> = {
  toCbor: (value) => bigIntToBytes(value),
  fromCbor(data, context) {
    const value = data instanceof Uint8Array ? bigIntFromBytes(data) : undefined;
    if (value === undefined) throw malformed(context, 'a big integer', data);
    return value;
  },
};

export const bool: Schema<boolean> = {
  toCbor: (value) => value,
  fromCbor(data, context) {
    if (typeof data !== 'boolean') throw malformed(context, 'a boolean', data);
    return data;
  },
};

export const bytes: Schema<Uint8Array> = {
  toCbor: (value) => value,
  fromCbor(data, context) {
    if (!(data instanceof Uint8Array)) throw malformed(context, 'a byte string', data);
    return data.slice();
  },
};

export const address: Schema<AddressString> = {
  toCbor: (value) => addressToBytes(value),
  fromCbor(data, context) {
    if (!(data instanceof Uint8Array)) throw malformed(context, 'an address', data);
    return formatAddress(addressFromBytes(data), context.prefix);
  },
};

export const cid: Schema<CidString> = {
  toCbor: (value) => linkToCbor(cidToBytes(value)),
  fromCbor(data, context) {
    const link = linkFromCbor(data);
    if (!link) throw malformed(context, 'a link', data);
    return cidFromBytes(link);
  },
};

export const bitField: Schema<BitField> = {
  toCbor: (value) => value.toBytes(),
  fromCbor(data, context) {
    if (!(data instanceof Uint8Array)) throw malformed(context, 'a bitfield', data);
    return BitField.fromBytes(data);
  },
};

/** No parameters or no return value: zero bytes on chain. */
export const nothing: Schema<undefined> = {
  toCbor: () => null,
  fromCbor(data, context) {
    if (data !== null) throw malformed(context, 'nothing', data);
    return undefined;
  },
};

export function nullable<T>(inner: Schema<T>): Schema<T | null> {
  return {
    toCbor: (value, context) => (value === null ? null : inner.toCbor(value, context)),
    fromCbor: (data, context) => (data === null ? null : inner.fromCbor(data, context)),
  };
}

export function array<T>(inner: Schema<T>): Schema<readonly T[]> {
  const at = (context: SchemaContext, index: number) => ({ ...context, path: `${context.path}[${index}]` });
  return {
    toCbor: (values, context) => values.map((value, index) => inner.toCbor(value, at(context, index))),
    fromCbor(data, context) {
      if (!Array.isArray(data)) throw malformed(context, 'an array', data);
      return data.map((item: CborValue, index) => inner.fromCbor(item, at(context, index)));
    },
  };
}

export type TupleFields = Readonly<Record<string, Schema<never>>>;
export type TupleValue<F> = { readonly [K in keyof F]: SchemaValue<F[K]> };

/** A structure: its fields, in the order in which they stand on chain. */
export function tuple<F extends { readonly [K in keyof F]: Schema<SchemaValue<F[K]>> }>(
  fields: F,
): Schema<TupleValue<F>> {
  const entries = Object.entries(fields) as [keyof F & string, Schema<unknown>][];
  const at = (context: SchemaContext, name: string) => ({ ...context, path: `${context.path}.${name}` });
  return {
    toCbor: (value, context) =>
      entries.map(([name, schema]) => schema.toCbor(value[name], at(context, name))),
    fromCbor(data, context) {
      if (!Array.isArray(data) || data.length !== entries.length)
        throw malformed(context, `an array of ${entries.length}`, data);
      const decoded = entries.map(([name, schema], index) => [
        name,
        schema.fromCbor((data as CborValue[])[index] ?? null, at(context, name)),
      ]);
      return Object.fromEntries(decoded) as TupleValue<F>;
    },
  };
}
