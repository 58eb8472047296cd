import { describe, expect, it } from 'vitest';
import { encodeReturn, MINER_METHODS } from '#codec';
import { memberOutcome } from '../../../../src/chain/messages/outcome.ts';

const COMMIT = MINER_METHODS.ProveCommitSectors3;
const returned = (successCount: number, ...failCodes: readonly (readonly [index: number, code: number])[]) =>
  encodeReturn(COMMIT, { successCount, failCodes: failCodes.map(([index, code]) => ({ index, code })) });

/** Every shape of BatchReturn: the stages of ProveCommitSectors3, folded over the message's own members. */
describe('what a receipt says of the members of a prove-commit', () => {
  it.each([
    ['all succeeded', returned(3), 3, [0, 0, 0]],
    ['the first failed', returned(2, [0, 16]), 3, [16, 0, 0]],
    ['the last failed', returned(2, [2, 16]), 3, [0, 0, 16]],
    ['some failed, of different stages', returned(2, [1, 16], [3, 19]), 4, [0, 16, 0, 19]],
    ['all but one failed', returned(1, [0, 16], [1, 16]), 3, [16, 16, 0]],
    ['one, and it succeeded', returned(1), 1, [0]],
  ] as const)('%s', (_what, value, members, exitCodes) => {
    expect(memberOutcome(COMMIT.number, 0, value, members)).toEqual({ exitCodes });
  });

  it.each([
    ['of fewer members', returned(2), 3],
    ['of more members', returned(4), 3],
    ['a failure beyond the members', returned(2, [3, 16]), 3],
    ['a member that failed twice', returned(1, [0, 16], [0, 17]), 3],
    ['a failure without a code', returned(2, [0, 0]), 3],
    ['nothing', new Uint8Array(), 3],
    ['something else', Uint8Array.of(0x82, 0xf6, 0xf6), 3],
  ] as const)('%s: each member is looked up on chain', (_what, value, members) => {
    expect(memberOutcome(COMMIT.number, 0, value, members)).toHaveProperty('unknown');
  });

  it('a message that failed as a whole failed for every member, whatever it returned', () => {
    expect(memberOutcome(COMMIT.number, 16, returned(2), 2)).toEqual({ exitCodes: [16, 16] });
  });

  it('a pre-commit returns nothing, and is all or nothing', () => {
    const { number } = MINER_METHODS.PreCommitSectorBatch2;
    expect(memberOutcome(number, 0, new Uint8Array(), 2)).toEqual({ exitCodes: [0, 0] });
    expect(memberOutcome(number, 19, new Uint8Array(), 2)).toEqual({ exitCodes: [19, 19] });
  });
});
