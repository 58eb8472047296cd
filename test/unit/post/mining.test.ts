import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64, toHex } from '#codec';
import {
  type BaseTipSet,
  chooseBase,
  drawingEntry,
  electionInput,
  epochToMine,
  forkVerdict,
  miningTimes,
  type OwnBlock,
  refreshBase,
  smallestTicket,
  winningPoStChallenge,
} from '#post';
import { lotusRecording } from '../../support/lotus-recordings.ts';

const bytes = (text: string): Uint8Array => fromBase64(text) ?? new Uint8Array();

describe('the election', () => {
  it('signs what a Lotus miner signed', () => {
    const { result } = lotusRecording('139').response as { result: unknown };
    const info = result as {
      PrevBeaconEntry: { Round: number; Data: string };
      BeaconEntries: { Round: number; Data: string }[];
    };
    const entry = ({ Round, Data }: { Round: number; Data: string }) => ({ round: Round, data: bytes(Data) });
    const drawing = drawingEntry(info.BeaconEntries.map(entry), entry(info.PrevBeaconEntry));
    expect(drawing.round).toBe(900);
    const [, signed] = lotusRecording('140').request.params as [string, string];
    expect(toBase64(electionInput(drawing, 800, 1000))).toBe(signed);
  });

  it('an epoch without an entry of its own draws from the one before', () => {
    const previous = { round: 7, data: new Uint8Array([7]) };
    expect(drawingEntry([], previous)).toBe(previous);
  });

  it('the challenge of a winning PoSt is a field element', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(10_000_000), (data, epoch) => {
        const challenge = winningPoStChallenge({ round: 1, data }, epoch, 1000);
        expect(challenge).toHaveLength(32);
        expect((challenge[31] ?? 0xff) & 0xc0).toBe(0);
      }),
    );
  });
});

function tipSet(height: number, cids: string, weight: bigint): BaseTipSet {
  const blocks = [...cids].map((cid) => ({ cid, ticket: new TextEncoder().encode(cid) }));
  return { height, blocks, weight, timestamp: 1_000 + height * 30 };
}
const cidsOf = (base: { readonly tipSet: BaseTipSet } | undefined): string | undefined =>
  base?.tipSet.blocks.map((block) => block.cid).join('');

describe('the base', () => {
  it.each([
    ['the head, when nothing was chosen before', tipSet(9, 'ab', 5n), undefined, 'ab'],
    ['the heavier head', tipSet(9, 'abc', 6n), tipSet(9, 'ab', 5n), 'abc'],
    ['the older one at equal weight', tipSet(9, 'xy', 5n), tipSet(9, 'ab', 5n), 'ab'],
    ['the older one when the head fell back', tipSet(8, 'z', 4n), tipSet(9, 'ab', 5n), 'ab'],
    ['the older one when the head is of the epoch itself', tipSet(10, 'q', 9n), tipSet(9, 'ab', 5n), 'ab'],
    ['none when the head is of the epoch itself', tipSet(10, 'q', 9n), undefined, undefined],
    ['none when both are too high', tipSet(11, 'q', 9n), tipSet(10, 'ab', 5n), undefined],
  ])('is %s', (_, head, earlier, wanted) => {
    expect(cidsOf(chooseBase(10, head, earlier))).toBe(wanted);
  });

  it.each([
    ['loses what the head has lost', 'abc', tipSet(9, 'ac', 4n), 'ac'],
    ['takes nothing new', 'ab', tipSet(9, 'abc', 6n), 'ab'],
    ['loses and takes nothing new at once', 'ab', tipSet(9, 'bc', 6n), 'b'],
    ['stays when nothing is in common', 'ab', tipSet(9, 'xy', 6n), 'ab'],
    ['stays when the head moved on', 'ab', tipSet(10, 'a', 6n), 'ab'],
  ])('%s', (_, blocks, head, wanted) => {
    expect(cidsOf(refreshBase({ tipSet: tipSet(9, blocks, 5n), epoch: 10 }, head))).toBe(wanted);
  });

  it('binds its ticket to the smallest by hash', () => {
    const { blocks } = tipSet(9, 'abc', 5n);
    const smallest = smallestTicket(blocks);
    fc.assert(
      fc.property(fc.shuffledSubarray([...blocks], { minLength: 3 }), (shuffled) => {
        expect(toHex(smallestTicket(shuffled))).toBe(toHex(smallest));
      }),
    );
  });
});

describe('the times of an epoch', () => {
  const MAINNET = { blockDelayMs: 30_000, propagationMs: 10_000, equivocationMs: 2_000 };

  it('are Lotus’ on mainnet', () => {
    const base = { height: 9, timestamp: 1_000 };
    expect(miningTimes(10, base, MAINNET)).toEqual({
      begin: 1_010_000,
      refresh: 1_012_000,
      submit: 1_030_000,
      late: 1_030_500,
    });
  });

  it('lie one epoch later after a null round', () => {
    const base = { height: 8, timestamp: 1_000 };
    expect(miningTimes(10, base, MAINNET).begin).toBe(1_040_000);
  });

  it('work for the block lies between the timestamps of the epoch before and its own', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1_000, max: 60_000 }),
        (height, ahead, blockDelayMs) => {
          const base = { height, timestamp: 5_000 };
          const times = miningTimes(height + ahead, base, { ...MAINNET, blockDelayMs });
          expect(times.begin).toBeGreaterThanOrEqual(times.submit - blockDelayMs);
          expect(times.refresh).toBeLessThanOrEqual(times.submit - blockDelayMs / 2 + 1);
          expect(epochToMine(times.submit - 1, base, blockDelayMs)).toBe(height + ahead);
          expect(epochToMine(times.submit, base, blockDelayMs)).toBe(height + ahead + 1);
        },
      ),
    );
  });
});

describe('the rules against forks', () => {
  const own = (epoch: number, parents: string, cid: string | null = `own${epoch}`): OwnBlock => ({
    ...{ epoch, parents: [...parents], cid },
  });
  const base = { height: 9, parents: ['p', 'q'] };

  it.each([
    ['an epoch with nothing before it', [], 'sign'],
    ['an own block long ago', [own(3, 'xy')], 'sign'],
    ['a block of the same epoch', [own(10, 'xy')], 'double-fork'],
    ['a block of the same epoch whose answer was lost', [own(10, 'xy', null)], 'double-fork'],
    ['a block upon the same parents', [own(8, 'ba')], 'time-offset'],
    ['an own sibling of the base that the base lacks', [own(9, 'qp', 'c')], 'parent-grinding'],
    ['an own sibling of the base that the base has', [own(9, 'qp', 'a')], 'sign'],
    ['a lost answer among the siblings of the base', [own(9, 'pq', null)], 'parent-grinding'],
    ['an own block of the base’s epoch on another fork', [own(9, 'r', 'c')], 'sign'],
  ] as const)('%s', (_, history, wanted) => {
    const verdict = forkVerdict({ epoch: 10, parents: ['a', 'b'], base }, history, 0);
    expect('because' in verdict ? verdict.because : verdict.verdict).toBe(wanted);
  });

  it.each([
    [9, 'sign'],
    [10, 'refuse'],
    [11, 'refuse'],
  ])('with a history from epoch %i on: %s', (knownFrom, wanted) => {
    expect(forkVerdict({ epoch: 10, parents: ['a'], base }, [], knownFrom).verdict).toBe(wanted);
  });

  it('whatever is offered in whatever order, what was signed holds no fault', () => {
    const wanted = fc.record({
      epoch: fc.integer({ min: 1, max: 6 }),
      parents: fc.subarray(['a', 'b', 'c', 'd'], { minLength: 1 }),
      base: fc.record({
        height: fc.integer({ min: 0, max: 5 }),
        parents: fc.subarray(['p', 'q'], { minLength: 1 }),
      }),
    });
    fc.assert(
      fc.property(fc.array(wanted, { maxLength: 30 }), (offers) => {
        const signed: OwnBlock[] = [];
        for (const [i, offer] of offers.entries()) {
          if (offer.base.height >= offer.epoch) continue;
          if (forkVerdict(offer, signed, 0).verdict === 'sign')
            signed.push({ epoch: offer.epoch, parents: offer.parents, cid: `b${i}` });
        }
        const keys = signed.map(({ parents }) => parents.toSorted().join());
        expect(new Set(signed.map(({ epoch }) => epoch)).size).toBe(signed.length);
        expect(new Set(keys).size).toBe(signed.length);
      }),
    );
  });
});
