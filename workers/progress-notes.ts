type Note = Readonly<Record<string, unknown>>;

/** One note every so often, in ms: sealers and copies report far more than anybody reads. */
const EVERY_MS = 2_000;

/** Thins out a run's progress: the newest note is written, at most one every two seconds and one at a time. */
export class ProgressNotes {
  readonly #write: (note: { progress: Note }) => Promise<boolean>;
  #newest: Note | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(write: (note: { progress: Note }) => Promise<boolean>) {
    this.#write = write;
  }

  add(note: Note): void {
    this.#newest = note;
    if (this.#closed || this.#timer) return;
    this.#timer = setTimeout(() => void this.#flush(), EVERY_MS).unref();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  async #flush(): Promise<void> {
    const note = this.#newest;
    this.#newest = undefined;
    if (note) await this.#write({ progress: note });
    this.#timer = undefined;
    if (this.#newest) this.add(this.#newest);
  }
}
