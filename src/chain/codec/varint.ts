/** Unsigned LEB128, as multiformats and Filecoin's addresses use it: least significant group first. */

export function encodeVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** The value and the bytes it took; undefined when cut short, over 64 bits, or not minimal. */
export function decodeVarint(bytes: Uint8Array, offset = 0): { value: bigint; length: number } | undefined {
  let value = 0n;
  for (let index = 0; index < 10; index++) {
    const byte = bytes[offset + index];
    if (byte === undefined) return undefined;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) {
      const minimal = index === 0 || byte !== 0;
      return minimal && value < 1n << 64n ? { value, length: index + 1 } : undefined;
    }
  }
  return undefined;
}
