/** The mean of the last few values, as the agent's query has it from the last runs in the database. */
export class LastMean {
  readonly #values: number[] = [];
  readonly #most: number;
  #next = 0;
  #sum = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(value: number): void {
    const old = this.#values[this.#next];
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#most;
    this.#sum += value - (old ?? 0);
  }

  get mean(): number | undefined {
    return this.#values.length === 0 ? undefined : this.#sum / this.#values.length;
  }
}
