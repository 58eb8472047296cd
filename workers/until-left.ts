/** What has been told to stop gets so long to do it, in ms. */
const LEAVING_MS = 2_000;

/**
 * The outcome of `work`, or the reason of `signal` when that aborts and the work does not end then: a storage mount
 * that is gone or a node that never answers must not hold a run, and its place on the worker, for ever. What is left
 * behind can do no harm: what it records is fenced, and it asks `signal` before it removes anything.
 */
export async function untilLeft<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let stop = () => {};
  const left = new Promise<never>((_resolve, reject) => {
    stop = () => {
      timer = setTimeout(() => reject(signal.reason), LEAVING_MS);
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
