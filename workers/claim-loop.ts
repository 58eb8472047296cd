import { setTimeout as sleep } from 'node:timers/promises';
import { isBeeproError } from '#core';
import type { PhaseRunRow } from '#db';
import type { Logger } from '#log';
import { type FetchedJob, type JobFetcher, type QueueName, queueName } from '#queues';
import { type Candidate, type Choice, chooseNext, type HostView } from '#sched';

interface Modules {
  readonly worker: string;
  readonly fetcher: JobFetcher;
  readonly log: Logger;
  /** What the host is like at this moment. `fresh`: nothing that MySQL said before counts. */
  readonly view: (fresh: boolean) => Promise<HostView>;
  /** False while the host's lease cannot be shown to be held: nothing is claimed. */
  readonly mayClaim: () => boolean;
  readonly pollMs: () => number;
  readonly claim: (runId: number) => Promise<PhaseRunRow | undefined>;
  /** @param candidate what was decided for it: the device whose slot it takes */
  readonly start: (row: PhaseRunRow, job: FetchedJob, candidate: Candidate) => void;
  /** Why the host takes nothing of a phase, for the operator. */
  readonly onChoice: (choice: Choice) => void;
}

const ERROR_PAUSE_MS = 1_000;

/**
 * Takes a job exactly when the host can start it at once: looks at the host, fetches from the first queue that has
 * something, claims it in MySQL, starts it, and looks again. With nothing to take it waits for one of the queues
 * that it could serve.
 */
export class ClaimLoop {
  readonly #modules: Modules;
  readonly #stopping = new AbortController();
  /** Nothing has woken it for the time of a poll: the next look is to find what nobody told of. */
  #isPoll = false;
  /** What the last wait was ended by: the queues that it asked about, and those of them that hold jobs. */
  #found: { readonly asked: ReadonlySet<QueueName>; readonly withJobs: readonly QueueName[] } | undefined;
  #running: Promise<void> | undefined;

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Looks again at once: a run has ended, a setting has changed. */
  wake(): void {
    // Without Redis there is nothing to fetch either.
    void this.#modules.fetcher.wake().catch(() => undefined);
  }

  /** Takes no more jobs. What it is about to claim is given back or started before this returns. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await Promise.race([this.#running, sleep(2_000, undefined, { ref: false })]);
  }

  async #run(): Promise<void> {
    const owed = new Set<QueueName>();
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#step(owed);
      } catch (error) {
        this.#modules.log.warn({ err: error }, 'taking jobs failed; it goes on shortly');
        await sleep(ERROR_PAUSE_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
    for (const queue of owed) await this.#modules.fetcher.returnMarker(queue).catch(() => undefined);
  }

  /** @param owed queues whose markers were taken and whose jobs were not looked for yet */
  async #step(owed: Set<QueueName>): Promise<void> {
    const { fetcher } = this.#modules;
    const servable = this.#modules.mayClaim() ? await this.#servable() : new Map<QueueName, Candidate>();
    const promising = new Set(await this.#withJobs([...servable.keys()]));
    for (const [queue, candidate] of servable) {
      // What holds no job now was looked into too: who adds one sets its marker again.
      owed.delete(queue);
      const job = promising.has(queue) ? await fetcher.tryFetch(queue) : undefined;
      if (job) {
        // A claim may take long: what else this host was woken for is not kept from other hosts meanwhile.
        await this.#returnMarkers(owed);
        await this.#take(job, candidate);
        return;
      }
    }
    await this.#returnMarkers(owed);
    await this.#wait([...servable.keys()], owed);
  }

  /**
   * Waits for a reason to look at the host again: a job in one of the queues, whose marker is then owed, a wake-up, or
   * the time of the next poll. BullMQ sets a queue's marker anew with each job that is fetched, so many markers stand for
   * no job: those cost a question to Redis, and no look.
   */
  async #wait(queues: readonly QueueName[], owed: Set<QueueName>): Promise<void> {
    const { fetcher, pollMs } = this.#modules;
    const until = performance.now() + pollMs();
    for (;;) {
      const left = until - performance.now();
      const woken = await fetcher.wait(queues, Math.max(0, left));
      this.#isPoll = performance.now() >= until;
      if (woken === undefined) return;
      owed.add(woken);
      // One that an earlier wait has asked for may stand for a queue that this host does not serve any more.
      if (left <= 0 || this.#stopping.signal.aborted || !queues.includes(woken)) return;
      const withJobs = await fetcher.withJobs(queues);
      owed.delete(woken);
      if (withJobs.length === 0) continue;
      if (withJobs.includes(woken)) owed.add(woken);
      this.#found = { asked: new Set(queues), withJobs };
      return;
    }
  }

  /** As the fetcher's; what the wait before has found out is not asked twice. */
  async #withJobs(queues: readonly QueueName[]): Promise<readonly QueueName[]> {
    const found = this.#found;
    this.#found = undefined;
    // Who adds a job after that question sets a marker, which the next wait finds.
    if (found && queues.every((queue) => found.asked.has(queue))) return found.withJobs;
    return this.#modules.fetcher.withJobs(queues);
  }

  async #returnMarkers(owed: Set<QueueName>): Promise<void> {
    for (const queue of owed) {
      await this.#modules.fetcher.returnMarker(queue);
      owed.delete(queue);
    }
  }

  /** The queues that this host could serve now, the first one first, each with what was decided for its next job. */
  async #servable(): Promise<ReadonlyMap<QueueName, Candidate>> {
    const choice = chooseNext(await this.#modules.view(this.#isPoll));
    this.#isPoll = false;
    this.#modules.onChoice(choice);
    return new Map(
      choice.candidates.map((candidate) => {
        const { phase, queue } = candidate;
        return [queueName(phase, queue === 'host' ? this.#modules.worker : null), candidate];
      }),
    );
  }

  async #take(job: FetchedJob, candidate: Candidate): Promise<void> {
    if (this.#stopping.signal.aborted) {
      await job.giveBack();
      return;
    }
    let row: PhaseRunRow | undefined;
    try {
      row = await this.#modules.claim(job.runId);
    } catch (error) {
      await job.giveBack();
      if (!isBeeproError(error, 'LEASE_LOST')) throw error;
      this.#modules.log.warn({ err: error }, 'job given back');
      return;
    }
    if (row) this.#modules.start(row, job, candidate);
    else await job.complete('superseded');
  }
}
