import { describe, expect, it } from 'vitest';
import { inTurn } from '#core';

describe('inTurn', () => {
  it('gives all their turn, in order, and throws the first failure then', async () => {
    const seen: number[] = [];
    const work = (n: number) => {
      seen.push(n);
      return n % 2 === 0 ? Promise.reject(new Error(`bad ${n}`)) : Promise.resolve();
    };
    await expect(inTurn([1, 2, 3, 4, 5], work)).rejects.toThrow('bad 2');
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('ends early when it is told to', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    await inTurn(
      [1, 2, 3],
      (n) => {
        seen.push(n);
        stop.abort();
        return Promise.resolve();
      },
      stop.signal,
    );
    expect(seen).toEqual([1]);
  });
});
