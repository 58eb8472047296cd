import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Candidate, chooseNode, choosePrimary } from '../../../../src/chain/rpc/pool/choose.ts';
import { isNextHead } from '../../../../src/chain/rpc/pool/monotone-head.ts';

const node = (over: Partial<Candidate> = {}): Candidate => ({
  ...{
    isInRotation: true,
    lacksMethod: false,
    outstanding: 0,
    latencyMs: 10,
    height: 100,
    knowsTipSet: undefined,
  },
  ...over,
});
const at = (height: number, isSteady = false) => ({ ...node({ height }), isSteady });
const balanced = (height?: number) => ({ reach: 'balanced' as const, height, primary: 0 });
/** Draws the numbers given, over and over. */
const draws = (...numbers: number[]) => {
  let i = 0;
  return () => numbers[i++ % numbers.length] ?? 0;
};

describe('who is asked', () => {
  test.each<[string, Candidate[], Parameters<typeof chooseNode>[1], number | undefined]>([
    ['nobody of none', [], balanced(), undefined],
    ['nobody of those out', [node({ isInRotation: false })], balanced(), undefined],
    ['nobody without the method', [node({ lacksMethod: true })], balanced(), undefined],
    ['the less busy of two', [node({ outstanding: 9 }), node()], balanced(), 1],
    ['the faster of two', [node({ latencyMs: 200 }), node({ latencyMs: 20 })], balanced(), 1],
    ['who has the tipset', [node(), node({ knowsTipSet: true, outstanding: 50 })], balanced(100), 1],
    ['who is as high', [node({ height: 90 }), node({ height: 100 })], balanced(100), 1],
    [
      'not who said it has it not',
      [node({ knowsTipSet: false }), node({ height: undefined })],
      balanced(100),
      1,
    ],
    ['the last resort', [node({ knowsTipSet: false })], balanced(100), 0],
    [
      'the primary for what is of the head',
      [node(), node({ outstanding: 99 })],
      { ...balanced(), reach: 'first', primary: 1 },
      1,
    ],
    [
      'the next where the primary is out',
      [node(), node({ isInRotation: false })],
      { ...balanced(), reach: 'first', primary: 1 },
      0,
    ],
  ])('%s', (_what, nodes, question, index) => {
    expect(chooseNode(nodes, question, draws(0, 0.99))).toBe(index);
  });

  const candidates = fc.array(
    fc.record({
      isInRotation: fc.boolean(),
      lacksMethod: fc.boolean(),
      outstanding: fc.nat(50),
      latencyMs: fc.option(fc.nat(5_000), { nil: undefined }),
      height: fc.option(fc.nat(200), { nil: undefined }),
      knowsTipSet: fc.option(fc.boolean(), { nil: undefined }),
    }),
    { maxLength: 10 },
  );
  const question = fc.record({
    reach: fc.constantFrom('balanced' as const, 'first' as const),
    height: fc.option(fc.nat(200), { nil: undefined }),
    primary: fc.integer({ min: -1, max: 12 }),
  });
  const random = fc.double({ min: 0, max: 0.9999, noNaN: true });

  test('never one out of rotation, nor one without the method; somebody whenever there is one', () => {
    fc.assert(
      fc.property(candidates, question, random, random, (nodes, asked, a, b) => {
        const index = chooseNode(nodes, asked, draws(a, b));
        const may = nodes.filter(({ isInRotation, lacksMethod }) => isInRotation && !lacksMethod);
        if (index === undefined) expect(may).toEqual([]);
        else expect(may).toContain(nodes[index]);
      }),
    );
  });

  test('never one that may not have the tipset while another has it', () => {
    fc.assert(
      fc.property(candidates, random, random, fc.nat(200), (nodes, a, b, height) => {
        const index = chooseNode(nodes, balanced(height), draws(a, b));
        const knows = nodes.some((one) => one.isInRotation && !one.lacksMethod && one.knowsTipSet);
        if (index !== undefined && knows) expect(nodes[index]?.knowsTipSet).toBe(true);
      }),
    );
  });

  test('the primary stays while it may, and is in rotation when anybody is', () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: -1, max: 12 }), fc.nat(200), (nodes, primary, head) => {
        const next = choosePrimary(
          nodes.map((one) => ({ ...one, isSteady: false })),
          primary,
          head,
        );
        if (nodes[primary]?.isInRotation) expect(next).toBe(primary);
        if (nodes.some(({ isInRotation }) => isInRotation)) expect(nodes[next]?.isInRotation).toBe(true);
        else expect(next).toBe(-1);
      }),
    );
  });

  test('a new primary is one whose head is not below the one seen, where there is one', () => {
    expect(choosePrimary([at(90), at(100)], -1, 95)).toBe(1);
    expect(choosePrimary([at(90), at(91)], -1, 95)).toBe(0);
  });

  test('one named before is gone back to when it is steady and as high', () => {
    expect(choosePrimary([at(95), at(95)], 1, 95)).toBe(1);
    expect(choosePrimary([at(95, true), at(95)], 1, 95)).toBe(0);
    expect(choosePrimary([at(94, true), at(95)], 1, 95)).toBe(1);
    expect(choosePrimary([{ ...at(95, true), isInRotation: false }, at(95)], 1, 95)).toBe(1);
  });
});

describe('the head', () => {
  const head = (name: string, height: number, at = 0) => ({ node: name, height, at });
  test.each([
    ['the first', undefined, head('a', 5), true],
    ['a higher one', head('a', 5), head('b', 6), true],
    ['another at the same height', head('a', 5), head('b', 5), true],
    ['a lower one of the same node, a reorg', head('a', 5), head('a', 3), true],
    ['a lower one of another node', head('a', 5), head('b', 4), false],
    ['a lower one of another node for long', head('a', 5), head('b', 4, 1_001), true],
  ])('%s', (_what, last, next, takes) => {
    expect(isNextHead(last, next, 1_000)).toBe(takes);
  });
});
