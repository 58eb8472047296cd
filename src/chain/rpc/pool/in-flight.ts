/**
 * Joins identical calls under way: they share one answer. Each caller stops waiting by its own signal; the call itself
 * is given up when nobody waits for it any more.
 */
export class InFlight {
  readonly #calls = new Map<string, { readonly answer: Promise<unknown>; join(): () => void }>();

  get size(): number {
    return this.#calls.size;
  }

  async share<T>(key: string, signal: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const shared = this.#calls.get(key) ?? this.#begin(key, call);
    const leave = shared.join();
    let stop: () => void = () => undefined;
    try {
      const aborted = new Promise<never>((_resolve, reject) => {
        stop = () => reject(signal.reason);
        signal.addEventListener('abort', stop, { once: true });
      });
      return (await Promise.race([shared.answer, aborted])) as T;
    } finally {
      signal.removeEventListener('abort', stop);
      leave();
    }
  }

  #begin<T>(key: string, call: (signal: AbortSignal) => Promise<T>) {
    const abort = new AbortController();
    let waiting = 0;
    const answer = call(abort.signal).finally(() => {
      if (this.#calls.get(key) === shared) this.#calls.delete(key);
    });
    answer.catch(() => undefined);
    const shared = {
      answer,
      join: () => {
        waiting += 1;
        return () => {
          waiting -= 1;
          if (waiting > 0) return;
          if (this.#calls.get(key) === shared) this.#calls.delete(key);
          abort.abort();
        };
      },
    };
    this.#calls.set(key, shared);
    return shared;
  }
}
