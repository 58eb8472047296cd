import { decode, Tagged } from 'cborg';
import { describe, expect, it } from 'vitest';
import { type Amt, blockMessagesRoot, buildAmt, cidFromBytes, dagCborCid, receiptsRoot } from '#codec';

/** Values of an AMT in order, read back from its blocks as go-amt-ipld does. */
function readAmt(amt: Amt): unknown[] {
  const blocks = new Map(amt.blocks.map((block) => [block.cid, block.bytes]));
  const load = (cid: string): unknown[] => {
    const bytes = blocks.get(cid);
    if (!bytes) throw new Error(`block ${cid} is missing`);
    expect(dagCborCid(bytes)).toBe(cid);
    return decode(bytes, { tags: Tagged.preserve(42) }) as unknown[];
  };
  const [height, count, root] = load(amt.root) as [number, number, unknown];
  const read = (node: unknown, level: number): unknown[] => {
    const [bitmap, links, values] = node as [Uint8Array, Tagged[], unknown[]];
    const width = level === 0 ? values.length : links.length;
    expect(bitmap).toEqual(Uint8Array.of((1 << width) - 1));
    if (level === 0) return values;
    return links.flatMap((link) => read(load(cidFromBytes((link.value as Uint8Array).slice(1))), level - 1));
  };
  const values = read(root, height);
  expect(values.length).toBe(count);
  if (count > 8) expect(8 ** height).toBeLessThan(count);
  return values;
}

describe('AMT', () => {
  it.each([0, 1, 7, 8, 9, 63, 64, 65, 513])('of %i values reads back in order', (count) => {
    const values = Array.from({ length: count }, (_, index) => Uint8Array.of(0x18, 24 + (index % 200)));
    expect(readAmt(buildAmt(values))).toEqual(values.map((bytes) => bytes[1]));
  });

  it('the recorded roots of a block without messages', () => {
    expect(blockMessagesRoot([], []).root).toBe(
      'bafy2bzacecmda75ovposbdateg7eyhwij65zklgyijgcjwynlklmqazpwlhba',
    );
    expect(receiptsRoot([]).root).toBe('bafy2bzacedswlcz5ddgqnyo3sak3jmhmkxashisnlpq6ujgyhe4mlobzpnhs6');
  });

  it('the order and the kind of messages matter to the root', () => {
    const [a, b] = [dagCborCid(Uint8Array.of(1)), dagCborCid(Uint8Array.of(2))];
    const roots = [
      blockMessagesRoot([a, b], []),
      blockMessagesRoot([b, a], []),
      blockMessagesRoot([a], [b]),
      blockMessagesRoot([], [a, b]),
    ].map(({ root }) => root);
    expect(new Set(roots).size).toBe(4);
  });
});
