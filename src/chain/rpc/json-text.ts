/**
 * JSON with whole numbers beyond 2^53 (gas limits such as 4611686018427387903) kept exact as bigint, in both
 * directions: Lotus writes them as bare numbers.
 */

declare global {
  interface JSON {
    /** ES2026 JSON source text access; Node 22 and later have it. */
    rawJSON(text: string): unknown;
  }
}

/** A number of 16 digits or more, outside quotes as far as its neighbours tell: rare, and slow to look for by reviver. */
const LONG_NUMBER = /[:[,]\s*-?\d{16,}/;

/** @throws SyntaxError */
export function parseJsonText(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  const revive = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' &&
    !Number.isSafeInteger(value) &&
    context?.source !== undefined &&
    /^-?\d+$/.test(context.source)
      ? BigInt(context.source)
      : value;
  return JSON.parse(text, revive);
}

export function writeJsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? JSON.rawJSON(item.toString()) : item,
  );
}
