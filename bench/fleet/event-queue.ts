/** A virtual clock: events run in the order of their times, and of their making where times are equal. */
export class EventQueue {
  #now = 0;
  #made = 0;
  readonly #times: number[] = [];
  readonly #orders: number[] = [];
  readonly #actions: (() => void)[] = [];

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  get size(): number {
    return this.#times.length;
  }

  /** Runs the action at a time; one that has passed counts as now. */
  at(time: number, action: () => void): void {
    const times = this.#times;
    let index = times.length;
    const when = Math.max(time, this.#now);
    const order = this.#made++;
    times.push(when);
    this.#orders.push(order);
    this.#actions.push(action);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#before(index, parent)) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  after(delay: number, action: () => void): void {
    this.at(this.#now + delay, action);
  }

  /** Runs everything up to and including the time, and leaves the clock there. */
  runUntil(end: number): void {
    for (;;) {
      const next = this.#times[0];
      if (next === undefined || next > end) break;
      this.#now = next;
      this.#take()();
    }
    this.#now = end;
  }

  #take(): () => void {
    const action = this.#actions[0];
    if (!action) throw new RangeError('no event is left');
    const last = this.#times.length - 1;
    this.#swap(0, last);
    this.#times.pop();
    this.#orders.pop();
    this.#actions.pop();
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= last) break;
      const child = left + 1 < last && this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#before(child, index)) break;
      this.#swap(child, index);
      index = child;
    }
    return action;
  }

  #before(a: number, b: number): boolean {
    const [times, orders] = [this.#times, this.#orders];
    const difference = (times[a] as number) - (times[b] as number);
    return difference < 0 || (difference === 0 && (orders[a] as number) < (orders[b] as number));
  }

  #swap(a: number, b: number): void {
    swap(this.#times, a, b);
    swap(this.#orders, a, b);
    swap(this.#actions, a, b);
  }
}

function swap<T>(list: T[], a: number, b: number): void {
  const kept = list[a] as T;
  list[a] = list[b] as T;
  list[b] = kept;
}
