/** Something that waits in a queue; lower priorities go first, then what was added first. */
export interface Queued {
  readonly priority: number;
}

/** BullMQ's order: priority, then age. Only the head can be taken. */
export class WorkQueue<T extends Queued> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  add(item: T): void {
    const items = this.#items;
    let index = items.length;
    while (index > this.#head && (items[index - 1] as T).priority > item.priority) index -= 1;
    if (index === items.length) items.push(item);
    else items.splice(index, 0, item);
  }

  take(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  remove(item: T): boolean {
    const index = this.#items.indexOf(item, this.#head);
    if (index === -1) return false;
    this.#items.splice(index, 1);
    return true;
  }

  waiting(): readonly T[] {
    return this.#items.slice(this.#head);
  }
}
