import { BeeproError, type ErrorCode, isBeeproError } from '#core';
import type { Signer } from './signer.ts';

const FIRST_REST_MS = 1_000;
const LONGEST_REST_MS = 30_000;

/** How long a signer that failed `failures` times in a row is left alone, in ms. */
export function restMs(failures: number): number {
  return Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** Math.min(failures - 1, 16));
}

/** Answers that a signer gives: it is there. */
const ANSWERS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['WALLET_KEY_MISSING', 'WALLET_SIGNATURE_WRONG']);

/**
 * A signer that is away costs a time-out once: for a while after it is not asked again, so that the messages of other
 * signers do not wait behind it. Every failure to reach it is the temporary `WALLET_SIGNER_AWAY`.
 */
export function restingSigner(signer: Signer, nowMs: () => number = () => performance.now()): Signer {
  let failures = 0;
  let restsUntil = Number.NEGATIVE_INFINITY;
  let last = '';
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    const away = (detail: string, cause?: unknown) =>
      new BeeproError('WALLET_SIGNER_AWAY', { signer: signer.name, detail }, { cause });
    if (nowMs() < restsUntil) throw away(last);
    try {
      const result = await work();
      failures = 0;
      return result;
    } catch (error) {
      if (isBeeproError(error) && ANSWERS.has(error.code)) throw error;
      failures += 1;
      restsUntil = nowMs() + restMs(failures);
      last = error instanceof Error ? error.message : String(error);
      throw away(last, error);
    }
  };
  return {
    get name() {
      return signer.name;
    },
    addresses: () => guarded(() => signer.addresses()),
    has: (address) => guarded(() => signer.has(address)),
    sign: (from, data, message) => guarded(() => signer.sign(from, data, message)),
  };
}
