import { BeeproError, type Epoch } from '#core';
import { DEFAULT_POLICY, type NetworkPolicy, provingPeriod } from './policy.ts';

/** Rules of proving that hang on each other, so that a chain may only shorten them together. */
export type ProvingPolicy = Pick<
  NetworkPolicy,
  | 'wPoStPeriodDeadlines'
  | 'wPoStChallengeWindow'
  | 'wPoStChallengeLookback'
  | 'faultDeclarationCutoff'
  | 'wPoStDisputeWindow'
>;

/**
 * A proving period of so many epochs in so many deadlines, with all that scales with it: lookback and cutoff with the
 * window, the time for disputes with the period. On a real network both are the same factor; with fewer deadlines they
 * are not, and a dispute must be over before the deadline comes again.
 *
 * @throws BeeproError `INPUT_INVALID` when the period does not divide, or leaves no room for a challenge
 */
export function shortProving(period: Epoch, deadlines: number): ProvingPolicy {
  const fail = (detail: string) => new BeeproError('INPUT_INVALID', { what: 'the proving period', detail });
  const window = period / deadlines;
  if (!(Number.isInteger(deadlines) && deadlines >= 3))
    throw fail(`${deadlines} deadlines; at least 3, for two are always immutable`);
  if (!Number.isInteger(window) || window < MIN_WINDOW)
    throw fail(
      `${period} epochs in ${deadlines} deadlines; each must have the same whole number of at least ${MIN_WINDOW}`,
    );
  const factor = window / DEFAULT_POLICY.wPoStChallengeWindow;
  const scaled = (epochs: Epoch) => Math.max(1, Math.round(epochs * factor));
  return {
    wPoStPeriodDeadlines: deadlines,
    wPoStChallengeWindow: window,
    wPoStChallengeLookback: scaled(DEFAULT_POLICY.wPoStChallengeLookback),
    faultDeclarationCutoff: scaled(DEFAULT_POLICY.faultDeclarationCutoff),
    wPoStDisputeWindow: Math.floor(
      (DEFAULT_POLICY.wPoStDisputeWindow * period) / provingPeriod(DEFAULT_POLICY),
    ),
  };
}

/** Shorter ones leave no epoch between the challenge and the cutoff. */
const MIN_WINDOW: Epoch = 3;
