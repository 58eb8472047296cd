import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedWins, MAX_WIN_COUNT, poissonTails, winCount } from '#post';

const BITS = 256n;
const toNumber = (fixed: bigint) => Number(fixed >> (BITS - 60n)) / 2 ** 60;

function tails(lambda: bigint, count: number): bigint[] {
  return poissonTails(lambda).take(count).toArray();
}

describe('the Poisson tails', () => {
  // SHA-256 of Lotus' own sixteen values for each mean, as decimals parted by blanks: the same to the last bit.
  it.each([
    ['10/1024', (10n << BITS) >> 10n, '6de4e7a290e592e12bd23d5ecef15cf8b6d6cc957cef9fc765b53e3a89227cf8'],
    [
      '1036915/2^20',
      (1_036_915n << BITS) >> 20n,
      '96f8bb2b893dbc889bbae899aae8f3cdce0b2c1e2c1d00229ca39a03a14441f6',
    ],
    ['5', 5n << BITS, '023318f3cb4efb6d49931eed72cc09b8440b0a56e620e6af9405994cb95de89d'],
  ])('of mean %s are the network’s', (_, lambda, digest) => {
    const text = tails(lambda, 16).join(' ');
    expect(createHash('sha256').update(text).digest('hex')).toBe(digest);
  });

  it('are those of the distribution', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 4.99, noNaN: true }), (mean) => {
        const lambda = BigInt(Math.round(mean * 2 ** 52)) << (BITS - 52n);
        let density = Math.exp(-mean);
        let tail = 1 - density;
        for (const [k, found] of tails(lambda, 10).entries()) {
          expect(toNumber(found)).toBeCloseTo(tail, 9);
          density = (density * mean) / (k + 1);
          tail -= density;
        }
      }),
    );
  });
});

describe('the win count', () => {
  it('comes to the expected wins on average', () => {
    const draws = 20_000;
    let wins = 0;
    const proof = new Uint8Array(96);
    for (let i = 0; i < draws; i += 1) {
      new DataView(proof.buffer).setUint32(0, i);
      wins += winCount(proof, 20n, 100n);
    }
    // Mean 1 and variance 1: four standard deviations.
    expect(Math.abs(wins / draws - 1)).toBeLessThan(4 / Math.sqrt(draws));
  });

  it('never falls when the power grows, and has a limit', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 96, maxLength: 96 }),
        fc.bigInt(1n, 1n << 60n),
        fc.bigInt(1n, 1n << 60n),
        (proof, a, b) => {
          const [less, more] = a < b ? [a, b] : [b, a];
          const network = more;
          expect(winCount(proof, less, network)).toBeLessThanOrEqual(winCount(proof, more, network));
          expect(winCount(proof, more, network)).toBeLessThanOrEqual(MAX_WIN_COUNT);
        },
      ),
    );
  });

  it.each([
    [0n, 100n],
    [10n, 0n],
    [0n, 0n],
  ])('power %s of %s wins nothing', (power, network) => {
    expect(winCount(new Uint8Array(96), power, network)).toBe(0);
  });

  it('a fifth of the network expects one block an epoch', () => {
    expect(expectedWins(20n, 100n)).toBe(1n << BITS);
  });
});
