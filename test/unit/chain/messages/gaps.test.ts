import { expect, test } from 'vitest';
import { findGap, type Gap } from '#chain';

test.each<[string, number, number, number, number[], Gap]>([
  ['nothing was ever sent', 5, 5, 5, [], { is: 'none' }],
  ['the next nonce is ours and on its way', 5, 5, 7, [5, 6], { is: 'none' }],
  ['a mempool has the next nonce: a foreign message', 5, 6, 7, [6], { is: 'none' }],
  ['nobody has the next nonce, and ours wait', 5, 5, 8, [7], { is: 'fill', nonces: [5, 6] }],
  ['one is missing before several', 5, 5, 9, [6, 8], { is: 'fill', nonces: [5] }],
  ['nobody has it, and nothing of ours waits', 5, 5, 8, [], { is: 'lower', to: 5 }],
  ['the chain is ahead of this database', 9, 9, 8, [], { is: 'none' }],
])('%s', (_what, account, inMempools, next, ours, gap) => {
  expect(findGap({ account, inMempools, next, ours })).toEqual(gap);
});
