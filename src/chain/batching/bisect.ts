/** What an estimate says of a set of members. */
export type BatchVerdict<E> =
  /** The message would go through, with so much gas. */
  | { readonly verdict: 'fits'; readonly gas: bigint }
  /** The message would be refused: somebody in it is bad. */
  | { readonly verdict: 'refused'; readonly error: E }
  /** Out of gas, or too many bytes: nobody is bad, there are too many of them. */
  | { readonly verdict: 'too-large'; readonly error: E }
  /** Nothing was learnt of the members: the node is away, or the miner lacks the money. */
  | { readonly verdict: 'unknown'; readonly error: E };

export interface Bisection<T, E> {
  /** Messages to be sent, each as it was estimated; members in their old order. */
  readonly messages: readonly { readonly members: readonly T[]; readonly gas: bigint }[];
  /** Refused alone, with what was said of each. */
  readonly bad: readonly { readonly member: T; readonly error: E }[];
  /** Of whom nothing was learnt: they stay where they are, and nothing counts against them. */
  readonly undecided: readonly T[];
  /** Why there are undecided ones; undefined also when the estimates were used up. */
  readonly stopped?: E;
  readonly estimates: number;
}

/** Beyond so many estimates the rest is left to the next pass: each takes a node up to seconds. */
export const MOST_ESTIMATES = 100;

interface Found<T> {
  readonly members: readonly T[];
  readonly gas: bigint;
  /** A part of a set that was too large as a whole: it is not put together again. */
  readonly apart: boolean;
}

/**
 * Finds the bad members of a batch that is refused as a whole, and halves one that is too large. Yields the sets to
 * be estimated and is given their verdicts: pure. For k bad of n it takes O(k log n) estimates: of a refused set whose
 * first half is good the second is not asked about, but halved at once. The good are put together again in one message,
 * which is estimated once more.
 */
export function* bisect<T, E>(
  members: readonly T[],
  mostEstimates = MOST_ESTIMATES,
): Generator<readonly T[], Bisection<T, E>, BatchVerdict<E>> {
  const found: Found<T>[] = [];
  const bad: { member: T; error: E }[] = [];
  const undecided: T[] = [];
  let stopped: { readonly error: E } | undefined;
  let estimates = 0;

  function* ask(set: readonly T[]): Generator<readonly T[], BatchVerdict<E> | undefined, BatchVerdict<E>> {
    if (stopped || estimates >= mostEstimates) return undefined;
    estimates += 1;
    const verdict = yield set;
    if (verdict.verdict === 'unknown') stopped = { error: verdict.error };
    return verdict;
  }

  /** True when the whole set was found good. @param isBad known to hold a bad one, without asking */
  function* judge(
    set: readonly T[],
    isBad: boolean,
    apart: boolean,
  ): Generator<readonly T[], boolean, BatchVerdict<E>> {
    const [first] = set;
    if (first === undefined) return true;
    let isTooLarge = false;
    if (!isBad || set.length === 1) {
      const verdict = yield* ask(set);
      if (!verdict || verdict.verdict === 'unknown') {
        undecided.push(...set);
        return false;
      }
      if (verdict.verdict === 'fits') {
        found.push({ members: set, gas: verdict.gas, apart });
        return true;
      }
      if (set.length === 1) {
        bad.push({ member: first, error: verdict.error });
        return false;
      }
      isTooLarge = verdict.verdict === 'too-large';
    }
    const middle = Math.ceil(set.length / 2);
    const isApart = apart || isTooLarge;
    const isFirstGood = yield* judge(set.slice(0, middle), false, isApart);
    const isSecondGood = yield* judge(set.slice(middle), isFirstGood && !isTooLarge, isApart);
    return isFirstGood && isSecondGood;
  }

  yield* judge(members, false, false);
  const messages: { members: readonly T[]; gas: bigint }[] = found.filter(({ apart }) => apart);
  const together = found.filter(({ apart }) => !apart);
  const whole = together.length > 1 ? together.flatMap((part) => part.members) : [];
  const verdict = whole.length > 0 ? yield* ask(whole) : undefined;
  if (verdict?.verdict === 'fits') messages.push({ members: whole, gas: verdict.gas });
  else messages.push(...together);
  return {
    messages: messages.map((message) => ({ members: message.members, gas: message.gas })),
    bad,
    undecided,
    ...(stopped ? { stopped: stopped.error } : {}),
    estimates,
  };
}
