import type { Epoch } from '#core';

/** What `StateMinerProvingDeadline` answers, as far as it is of use: when a period begins, and the numbers of all. */
export interface ProvingDeadlineAnswer {
  /** Of any period; may lie in the future. */
  readonly periodStart: Epoch;
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
 * The deadlines that are not over at `head`, in their order, `count` of them: by the epoch, as the miner actor counts.
 * The deadline that the answer names is that of the state, which null rounds leave behind; a period later it is right
 * again, and all deadlines between would have been missed. Source: builtin-actors `State::deadline_info`.
 */
export function comingDeadlines(answer: ProvingDeadlineAnswer, head: Epoch, count: number): DeadlineTimes[] {
  const window = answer.wPoStChallengeWindow;
  const first = Math.floor((head - answer.periodStart) / window);
  return Array.from({ length: count }, (_, ahead) => deadlineAt(answer, first + ahead));
}

/** `position` counts deadlines from the answer's period on, and may be negative. */
function deadlineAt(answer: ProvingDeadlineAnswer, position: number): DeadlineTimes {
  const { wPoStProvingPeriod, wPoStChallengeWindow } = answer;
  const deadlines = wPoStProvingPeriod / wPoStChallengeWindow;
  const periods = Math.floor(position / deadlines);
  const open = answer.periodStart + position * wPoStChallengeWindow;
  return {
    index: position - periods * deadlines,
    periodStart: answer.periodStart + periods * wPoStProvingPeriod,
    challenge: open - answer.wPoStChallengeLookback,
    open,
    close: open + wPoStChallengeWindow,
    faultCutoff: open - answer.faultDeclarationCutoff,
  };
}
