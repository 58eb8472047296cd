import { base32 } from 'multiformats/bases/base32';
import { type ActorId, type AddressString, BeeproError } from '#core';
import { concatBytes, equalBytes } from './bytes.ts';
import { blake2b32, blake2b160 } from './hash.ts';
import { decodeVarint, encodeVarint } from './varint.ts';

/** `f` on mainnet, `t` on every other network. It is presentation only: bytes on chain do not carry it. */
export type AddressPrefix = 'f' | 't';

/** 0 id, 1 secp256k1 key, 2 actor, 3 BLS key, 4 delegated (namespace and sub-address). */
export type AddressProtocol = 0 | 1 | 2 | 3 | 4;

/** An address without its network. The payload is as on chain (for an id: a varint). */
export interface Address {
  readonly protocol: AddressProtocol;
  readonly payload: Uint8Array;
}

const PAYLOAD_LENGTH = { 1: 20, 2: 20, 3: 48 } as const;
/** Longest sub-address of a delegated address, in bytes. Source: go-address `MaxSubaddressLen`. */
const MAX_SUBADDRESS = 54;

/**
 * Reads `t01000`, `f1…`, `t3…`, `f410f…`.
 * @throws BeeproError `ADDRESS_MALFORMED`
 */
export function parseAddress(text: AddressString): Address {
  const fail = (detail: string) => new BeeproError('ADDRESS_MALFORMED', { text: text.slice(0, 120), detail });
  if (text[0] !== 't' && text[0] !== 'f') throw fail('it does not begin with t or f');
  const protocol = Number(text[1]);
  const rest = text.slice(2);
  if (protocol === 0) {
    if (!/^(0|[1-9]\d{0,18})$/.test(rest)) throw fail('an id is a decimal number');
    const id = BigInt(rest);
    if (id >= 1n << 63n) throw fail('the id is too large');
    return { protocol, payload: encodeVarint(id) };
  }
  if (protocol === 1 || protocol === 2 || protocol === 3) {
    const payload = checkedPayload(protocol, new Uint8Array(), rest, fail);
    if (payload.length !== PAYLOAD_LENGTH[protocol]) throw fail('its length is wrong');
    return { protocol, payload };
  }
  if (protocol === 4) {
    const match = /^(\d{1,19})f(.*)$/.exec(rest);
    if (!match) throw fail('a delegated address is a namespace, f and a sub-address');
    const namespace = encodeVarint(BigInt(match[1] ?? '0'));
    const payload = checkedPayload(protocol, namespace, match[2] ?? '', fail);
    if (payload.length - namespace.length > MAX_SUBADDRESS) throw fail('its length is wrong');
    return { protocol, payload };
  }
  throw fail('its protocol is unknown');
}

function checkedPayload(
  protocol: AddressProtocol,
  head: Uint8Array,
  encoded: string,
  fail: (detail: string) => BeeproError,
): Uint8Array {
  let decoded: Uint8Array;
  try {
    decoded = base32.baseDecode(encoded);
  } catch {
    throw fail('it is not base32');
  }
  if (decoded.length < 4) throw fail('it is too short');
  const payload = concatBytes(head, decoded.subarray(0, -4));
  const checksum = blake2b32(concatBytes(Uint8Array.of(protocol), payload));
  if (!equalBytes(checksum, decoded.subarray(-4))) throw fail('its checksum is wrong');
  return payload;
}

export function formatAddress(address: Address, prefix: AddressPrefix): AddressString {
  const { protocol, payload } = address;
  if (protocol === 0) return `${prefix}0${decodeVarint(payload)?.value ?? 0n}`;
  const checksum = blake2b32(concatBytes(Uint8Array.of(protocol), payload));
  if (protocol !== 4) return `${prefix}${protocol}${base32.baseEncode(concatBytes(payload, checksum))}`;
  const namespace = decodeVarint(payload) ?? { value: 0n, length: 1 };
  const sub = payload.subarray(namespace.length);
  return `${prefix}4${namespace.value}f${base32.baseEncode(concatBytes(sub, checksum))}`;
}

/** @throws BeeproError `ADDRESS_MALFORMED` */
export function addressFromBytes(bytes: Uint8Array): Address {
  const fail = (detail: string) =>
    new BeeproError('ADDRESS_MALFORMED', {
      text: Buffer.from(bytes.subarray(0, 64)).toString('hex'),
      detail,
    });
  const protocol = bytes[0];
  const payload = bytes.slice(1);
  if (protocol === 0) {
    const id = decodeVarint(payload);
    if (!id || id.length !== payload.length || id.value >= 1n << 63n) throw fail('its id is malformed');
    return { protocol, payload };
  }
  if (protocol === 1 || protocol === 2 || protocol === 3) {
    if (payload.length !== PAYLOAD_LENGTH[protocol]) throw fail('its length is wrong');
    return { protocol, payload };
  }
  if (protocol === 4) {
    const namespace = decodeVarint(payload);
    if (!namespace || payload.length - namespace.length > MAX_SUBADDRESS) throw fail('its length is wrong');
    return { protocol, payload };
  }
  throw fail('its protocol is unknown');
}

/** The bytes on chain: protocol, then payload. @throws BeeproError `ADDRESS_MALFORMED` */
export function addressToBytes(address: Address | AddressString): Uint8Array {
  const { protocol, payload } = typeof address === 'string' ? parseAddress(address) : address;
  return concatBytes(Uint8Array.of(protocol), payload);
}

/** The network prefix a well-formed address is written with. */
export function prefixOf(text: AddressString): AddressPrefix {
  parseAddress(text);
  return text.startsWith('f') ? 'f' : 't';
}

/** The same address written for another network. */
export function withPrefix(text: AddressString, prefix: AddressPrefix): AddressString {
  return formatAddress(parseAddress(text), prefix);
}

/** Whether two addresses are the same on chain, whatever prefix they are written with. */
export function sameAddress(a: AddressString, b: AddressString): boolean {
  return a === b || equalBytes(addressToBytes(a), addressToBytes(b));
}

export function idAddress(id: ActorId, prefix: AddressPrefix): AddressString {
  return `${prefix}0${id}`;
}

/**
 * The actor id of an id address.
 * @throws BeeproError `ADDRESS_MALFORMED` when it is another kind of address, or beyond 2^53
 */
export function actorIdOf(text: AddressString): ActorId {
  const { protocol, payload } = parseAddress(text);
  const id = protocol === 0 ? Number(decodeVarint(payload)?.value) : Number.NaN;
  if (!Number.isSafeInteger(id))
    throw new BeeproError('ADDRESS_MALFORMED', { text, detail: 'it is not an id address' });
  return id;
}

/** Whether the address is that of a key (secp256k1 or BLS), which a message's `From` must be. */
export function isKeyAddress(text: AddressString): boolean {
  const { protocol } = parseAddress(text);
  return protocol === 1 || protocol === 3;
}

/** The t1 address of a public key, 65 bytes uncompressed. */
export function secp256k1Address(publicKey: Uint8Array, prefix: AddressPrefix): AddressString {
  return formatAddress({ protocol: 1, payload: blake2b160(publicKey) }, prefix);
}

/** The t3 address of a BLS public key, 48 bytes. */
export function blsAddress(publicKey: Uint8Array, prefix: AddressPrefix): AddressString {
  return formatAddress({ protocol: 3, payload: publicKey }, prefix);
}

/** The t2 address the init actor gives to an actor; `seed` is what it hashes (creator, nonce, index). */
export function actorAddress(seed: Uint8Array, prefix: AddressPrefix): AddressString {
  return formatAddress({ protocol: 2, payload: blake2b160(seed) }, prefix);
}
