import { BitField, fromBase64, toBase64 } from '#codec';
import { PersistentMap } from './persistent-map.ts';

/**
 * Values of the state as JSON and back. What JSON lacks is an object with one key that begins with `$`:
 * `$n` a big integer, `$b` bytes, `$s` a bitfield, `$m` a persistent map, `$a` a map by address.
 */
export function writeStateJson(value: unknown): string {
  return JSON.stringify(toJson(value));
}

function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return { $n: value.toString() };
  if (value instanceof Uint8Array) return { $b: toBase64(value) };
  if (value instanceof BitField) return { $s: value.toJson() };
  if (value instanceof PersistentMap)
    return { $m: [...value.entries()].map(([key, item]) => [key, toJson(item)]) };
  if (value instanceof Map) return { $a: [...value] };
  if (Array.isArray(value)) return value.map(toJson);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
}

/** @throws SyntaxError */
export function readStateJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => {
    if (value === null || typeof value !== 'object') return value;
    const tagged = value as { $n?: unknown; $b?: unknown; $s?: unknown; $m?: unknown; $a?: unknown };
    if (typeof tagged.$n === 'string') return BigInt(tagged.$n);
    if (typeof tagged.$b === 'string') return fromBase64(tagged.$b) ?? new Uint8Array();
    if (Array.isArray(tagged.$s)) return BitField.fromJson(tagged.$s as number[]);
    if (Array.isArray(tagged.$m)) return PersistentMap.from(tagged.$m as [number, unknown][]);
    if (Array.isArray(tagged.$a)) return new Map(tagged.$a as [string, number][]);
    return value;
  });
}
