import { BeeproError, type ErrorCode, isBeeproError } from '#core';

/** Answers about the message itself, which no other time and no other node would give otherwise. */
const OF_THE_MESSAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CHAIN_BAD_PARAMS',
  'CHAIN_SIGNATURE_REFUSED',
  'CHAIN_MESSAGE_TOO_BIG',
]);
/** Tries after which such an answer is believed; and one whose words are not known, which may be the node's trouble. */
const TRIES = 5;
const TRIES_OF_UNKNOWN = 20;

/**
 * Whether a signed message that nobody has taken is given up: every node in rotation has answered, and refused it, and
 * not for the first time. It would hold up every later message of its sender. Outages never count.
 *
 * @param failures one of each node that was told
 * @param tries how often it was pushed, this time included
 */
export function refusedForGood(failures: readonly unknown[], tries: number): BeeproError | undefined {
  const [first] = failures;
  const isOf = (codes: (code: ErrorCode) => boolean) =>
    failures.length > 0 && failures.every((failure) => isBeeproError(failure) && codes(failure.code));
  const isCertain = isOf((code) => OF_THE_MESSAGE.has(code));
  const isRefusal = isCertain || isOf((code) => OF_THE_MESSAGE.has(code) || code === 'CHAIN_RPC_FAILED');
  if (!isRefusal || tries < (isCertain ? TRIES : TRIES_OF_UNKNOWN)) return undefined;
  const detail = isBeeproError(first) ? first.message : String(first);
  return new BeeproError('MESSAGE_REFUSED', { tries, detail }, { cause: first });
}
