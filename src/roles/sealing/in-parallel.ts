/** Sectors that a pass looks after at a time: bounded by the database's pool and the node's patience. */
export const PARALLEL = 8;

/**
 * Does `work` for each item, at most `limit` at a time, in the order they come. All are done or have failed when it
 * returns; the first failure is thrown then, so that one bad item holds up no other.
 */
export async function inParallel<T>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    if (signal.aborted) break;
    const one: Promise<void> = work(item)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => running.delete(one));
    running.add(one);
    if (running.size >= limit) await Promise.race(running);
  }
  await Promise.all(running);
  if (failures.length > 0) throw failures[0];
}
