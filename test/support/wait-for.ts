import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Milliseconds after which the wait fails; 10,000 unless told. */
  readonly deadlineMs?: number;
  /** Milliseconds between two looks; 20 unless told. */
  readonly intervalMs?: number;
  /** What is waited for, for the message of the failure. */
  readonly what?: string;
}

/**
 * Polls until `condition` gives something truthy, and returns that. A condition that throws counts as not yet; its last
 * error is the cause of the failure.
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { deadlineMs = 10_000, intervalMs = 20, what = condition.toString() }: WaitOptions = {},
): Promise<Exclude<Awaited<T>, false | null | undefined | 0 | ''>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const outcome = await look(condition);
    if (outcome.value) return outcome.value as Exclude<Awaited<T>, false | null | undefined | 0 | ''>;
    if (performance.now() >= deadline) {
      throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: outcome.error });
    }
    await sleep(intervalMs);
  }
}

async function look<T>(condition: () => T | Promise<T>): Promise<{ value?: Awaited<T>; error?: unknown }> {
  try {
    return { value: await condition() };
  } catch (error) {
    return { error };
  }
}
