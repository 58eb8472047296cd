/**
 * Does `work` for each item, one after another, and for all of them: what fails holds up no other, and the first
 * failure is thrown when all have had their turn. Ends early, without a failure of its own, when `signal` is aborted.
 */
export async function inTurn<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<unknown>,
  signal?: AbortSignal,
): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) {
    if (signal?.aborted) break;
    try {
      await work(item);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
