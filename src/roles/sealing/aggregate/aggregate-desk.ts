import type { BatchReason } from '#chain';
import { type ActorId, type BeeproError, type SectorNumber, toBeeproError } from '#core';
import { type AggregateInput, aggregateDigest } from './aggregate-input.ts';
import type { AggregatorAbility, ProofAggregator } from './sealer-aggregator.ts';

/** The aggregate of a batch that is ready to leave but for it. */
export interface AggregateJob {
  readonly miner: ActorId;
  readonly numbers: readonly SectorNumber[];
  readonly reason: BatchReason;
  /** Names all that it is made of: an aggregate of other proofs is of no use. */
  readonly digest: string;
  readonly outcome: AggregateOutcome | undefined;
}

interface OpenJob extends Omit<AggregateJob, 'outcome'> {
  outcome: AggregateOutcome | undefined;
}

export type AggregateOutcome = { readonly proof: Uint8Array } | { readonly error: BeeproError };

/** After a failure nothing is aggregated for so long: what failed once (an SRS, a lack of memory) mostly fails again. */
const REST_AFTER_FAILURE_MS = 600_000;

/**
 * Aggregates that are being made while the passes go on: one at a time, since each takes all cores and GBs of memory.
 * Nothing of it must be kept: after a restart the same batch is decided, and its proof is found in its file.
 */
export class AggregateDesk {
  readonly #aggregator: ProofAggregator;
  #job: OpenJob | undefined;

  #failure: { readonly error: BeeproError; readonly atMs: number } | undefined;

  constructor(aggregator: ProofAggregator) {
    this.#aggregator = aggregator;
  }

  async ability(): Promise<AggregatorAbility> {
    const { error, atMs } = this.#failure ?? {};
    if (error && atMs !== undefined && performance.now() - atMs < REST_AFTER_FAILURE_MS)
      return { why: `the last aggregate failed: ${error.message}` };
    return this.#aggregator.ability();
  }

  /** The miner's job, made or in the making. */
  jobOf(miner: ActorId): AggregateJob | undefined {
    return this.#job?.miner === miner ? this.#job : undefined;
  }

  /** Whether another could be begun now. */
  get isFree(): boolean {
    return this.#job === undefined;
  }

  begin(input: AggregateInput, reason: BatchReason, timeoutMs: number): void {
    if (this.#job) return;
    const job: OpenJob = {
      ...{ miner: input.miner, reason, digest: aggregateDigest(input), outcome: undefined },
      numbers: input.members.map(({ number }) => number),
    };
    this.#job = job;
    this.#aggregator.aggregate(input, timeoutMs).then(
      (proof) => {
        job.outcome = { proof };
      },
      (error: unknown) => {
        job.outcome = { error: toBeeproError(error) };
        this.#failure = { error: job.outcome.error, atMs: performance.now() };
      },
    );
  }

  /** The miner's job is over: sent, or of no use any more. One in the making goes on to its end, unheard. */
  drop(miner: ActorId): void {
    if (this.#job?.miner === miner && this.#job.outcome) this.#job = undefined;
  }

  close(): Promise<void> {
    return this.#aggregator.close();
  }
}
