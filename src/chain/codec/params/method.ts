import { BeeproError } from '#core';
import type { ActorKind } from '../actors.ts';
import type { AddressPrefix } from '../address.ts';
import { decodeAs, encodeAs, type Schema } from '../schema.ts';

/** One method of an actor, with the types of what goes in and what comes out. */
export interface ActorMethod<P, R> {
  readonly actor: ActorKind;
  readonly number: number;
  readonly name: string;
  readonly params: Schema<P>;
  readonly returns: Schema<R>;
}

/** Declares one: infers the types of parameters and return from their schemas. */
export function actorMethod<P, R>(method: ActorMethod<P, R>): ActorMethod<P, R> {
  return method;
}

export type ParamsOf<M> = M extends ActorMethod<infer P, infer _R> ? P : never;
export type ReturnOf<M> = M extends ActorMethod<infer _P, infer R> ? R : never;

/** @throws BeeproError `CBOR_UNENCODABLE`, `ADDRESS_MALFORMED`, `CID_MALFORMED` */
export function encodeParams<P, R>(method: ActorMethod<P, R>, params: P): Uint8Array {
  return encodeAs(method.params, params, `${method.name} params`);
}

/** @throws BeeproError `CBOR_MALFORMED` */
export function decodeParamsOf<P, R>(method: ActorMethod<P, R>, bytes: Uint8Array, prefix: AddressPrefix): P {
  return decodeAs(method.params, bytes, `${method.name} params`, prefix);
}

export function encodeReturn<P, R>(method: ActorMethod<P, R>, value: R): Uint8Array {
  return encodeAs(method.returns, value, `${method.name} return`);
}

/** @throws BeeproError `CBOR_MALFORMED` */
export function decodeReturnOf<P, R>(method: ActorMethod<P, R>, bytes: Uint8Array, prefix: AddressPrefix): R {
  return decodeAs(method.returns, bytes, `${method.name} return`, prefix);
}

export function unknownMethod(actor: ActorKind, number: number): BeeproError {
  return new BeeproError('NOT_FOUND', { what: `${actor} method`, name: String(number) });
}
