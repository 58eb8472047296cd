/** Lets a loop sleep until its time has come or somebody knocks. A knock during work counts for the next sleep. */
export class Wake {
  #knocked = false;
  #ring: (() => void) | undefined;

  knock(): void {
    this.#knocked = true;
    this.#ring?.();
  }

  /** Returns after `ms`, at a knock, or when `signal` aborts, whichever is first. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#knocked && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const end = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, ms);
        this.#ring = end;
        signal.addEventListener('abort', end, { once: true });
      });
      this.#ring = undefined;
    }
    this.#knocked = false;
  }
}
