import type { Phase } from '#core';
import type { ActiveRun } from './active-run.ts';
import type { HeldSeat } from './devices/index.ts';

/** The runs that this agent has claimed and answers for, and the slots of devices that they hold. */
export class HeldRuns {
  readonly #runs = new Map<number, ActiveRun>();
  readonly #executions = new Map<ActiveRun, Promise<void>>();
  /** Slots of runs that were left to the next agent: their sealers have not let go of them. */
  readonly #leftSeats: HeldSeat[] = [];

  get list(): readonly ActiveRun[] {
    return [...this.#runs.values()];
  }

  get ids(): ReadonlySet<number> {
    return new Set(this.#runs.keys());
  }

  get counts(): Readonly<Partial<Record<Phase, number>>> {
    const counts: Partial<Record<Phase, number>> = {};
    for (const { phase } of this.#runs.values()) counts[phase] = (counts[phase] ?? 0) + 1;
    return counts;
  }

  /** The slots that are held, from a run's claim until it is concluded. */
  get seats(): readonly HeldSeat[] {
    const running = this.list.flatMap(({ seat, phase }) => (seat ? [{ seat, use: phase }] : []));
    return [...running, ...this.#leftSeats];
  }

  get(runId: number): ActiveRun | undefined {
    return this.#runs.get(runId);
  }

  /** What ends when nothing of the run is done here any more. */
  executionOf(run: ActiveRun): Promise<void> | undefined {
    return this.#executions.get(run);
  }

  /**
   * Holds the run while `execute` goes on, and calls `onEnd` after it.
   * @param after what must have let go of the run's journal before
   */
  hold(
    run: ActiveRun,
    execute: () => Promise<void>,
    onEnd: () => void,
    after: Promise<void> | undefined,
  ): void {
    this.#runs.set(run.row.id, run);
    const execution = (async () => {
      await after;
      await execute();
    })().finally(() => {
      // The same run may have been claimed anew meanwhile.
      if (this.#runs.get(run.row.id) === run) this.#runs.delete(run.row.id);
      if (run.left && run.seat) this.#leftSeats.push({ seat: run.seat, use: run.phase });
      this.#executions.delete(run);
      onEnd();
    });
    this.#executions.set(run, execution);
  }

  endOnDevice(device: string): void {
    for (const run of this.#runs.values())
      if (run.seat?.device === device && !run.answered) run.stop('device-lost');
  }

  endOverdue(timeLimitMs: (phase: Phase) => number): void {
    for (const run of this.#runs.values())
      if (!run.answered && run.elapsedMs > timeLimitMs(run.phase)) run.stop('time-limit');
  }

  /** Leaves all runs to the next agent; outcomes that are on their way to MySQL get `patienceMs`. */
  async leave(patienceMs: number): Promise<void> {
    for (const run of this.#runs.values()) if (!run.answered) run.stop('agent-stops');
    const patience = AbortSignal.timeout(patienceMs);
    const late = new Promise<void>((resolve) => patience.addEventListener('abort', () => resolve()));
    await Promise.race([Promise.allSettled(this.#executions.values()), late]);
    for (const run of this.#runs.values()) run.stop('agent-stops');
  }
}
