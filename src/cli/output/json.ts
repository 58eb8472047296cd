/** JSON for machines: bigint amounts as decimal strings, dates as ISO 8601, bytes as hex. */
export function toJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, item: unknown) => {
      if (typeof item === 'bigint') return item.toString();
      if (item instanceof Uint8Array) return Buffer.from(item).toString('hex');
      return item;
    },
    2,
  );
}
