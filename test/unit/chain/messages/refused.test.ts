import { expect, it } from 'vitest';
import { refusedForGood } from '#chain';
import { BeeproError, type ErrorCode } from '#core';

const failure = (code: ErrorCode) =>
  new BeeproError(code, { node: 'a', method: 'MpoolPush', detail: 'refused', rpcCode: 1, ms: 1 });

it.each<[string, ErrorCode[], number, boolean]>([
  ['a bad signature, at first', ['CHAIN_SIGNATURE_REFUSED'], 1, false],
  ['a bad signature, again and again', ['CHAIN_SIGNATURE_REFUSED'], 5, true],
  ['parameters and size, by each another node', ['CHAIN_BAD_PARAMS', 'CHAIN_MESSAGE_TOO_BIG'], 5, true],
  ['words that nobody knows, for a while', ['CHAIN_RPC_FAILED'], 19, false],
  ['words that nobody knows, for long', ['CHAIN_RPC_FAILED'], 20, true],
  ['one node away', ['CHAIN_SIGNATURE_REFUSED', 'CHAIN_TIMED_OUT'], 1_000, false],
  ['a full mempool', ['CHAIN_MEMPOOL_FULL'], 1_000, false],
  ['too low a fee', ['CHAIN_FEE_TOO_LOW'], 1_000, false],
  ['a gap of nonces', ['CHAIN_NONCE_GAP'], 1_000, false],
  ['nobody asked', [], 1_000, false],
])('%s', (_, codes, tries, isGivenUp) => {
  const refused = refusedForGood(codes.map(failure), tries);
  expect(refused?.code).toBe(isGivenUp ? 'MESSAGE_REFUSED' : undefined);
});
