import type { Epoch } from '#core';

/** What `StateMinerProvingDeadline` answers: a deadline that is open or comes next, and the period's numbers. */
export interface ProvingDeadlineAnswer {
  readonly periodStart: Epoch;
  readonly index: number;
  readonly wPoStPeriodDeadlines: number;
  readonly wPoStProvingPeriod: Epoch;
  readonly wPoStChallengeWindow: Epoch;
  readonly wPoStChallengeLookback: Epoch;
  readonly faultDeclarationCutoff: Epoch;
}

/** One deadline in one proving period. */
export interface DeadlineTimes {
  readonly index: number;
  readonly periodStart: Epoch;
  /** Its randomness is the beacon's of this epoch. */
  readonly challenge: Epoch;
  /** Messages execute from `open` to `close` − 1. */
  readonly open: Epoch;
  readonly close: Epoch;
  /** The first epoch at which declarations for it are too late. */
  readonly faultCutoff: Epoch;
}

/**
 * The deadlines that are not over at `head`, in their order, `count` of them. The answer may be older than the head,
 * and of a new miner whose first period is yet to begin.
 */
export function comingDeadlines(answer: ProvingDeadlineAnswer, head: Epoch, count: number): DeadlineTimes[] {
  const first = deadlineAfter(answer, 0);
  const window = answer.wPoStChallengeWindow;
  const passed = head < first.close ? 0 : Math.floor((head - first.close) / window) + 1;
  return Array.from({ length: count }, (_, ahead) => deadlineAfter(answer, passed + ahead));
}

function deadlineAfter(answer: ProvingDeadlineAnswer, ahead: number): DeadlineTimes {
  const deadlines = answer.wPoStPeriodDeadlines;
  const index = (answer.index + ahead) % deadlines;
  const periods = Math.floor((answer.index + ahead) / deadlines);
  const periodStart = answer.periodStart + periods * answer.wPoStProvingPeriod;
  const open = periodStart + index * answer.wPoStChallengeWindow;
  return {
    index,
    periodStart,
    challenge: open - answer.wPoStChallengeLookback,
    open,
    close: open + answer.wPoStChallengeWindow,
    faultCutoff: open - answer.faultDeclarationCutoff,
  };
}
