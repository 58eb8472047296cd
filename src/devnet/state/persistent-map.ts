const BITS = 4;
const WIDTH = 1 << BITS;

type Node<V> = readonly (Node<V> | { readonly value: V } | undefined)[];

/**
 * An immutable map from non-negative safe integers, a radix trie with sixteen children a node. A change copies one
 * path, so a state of every one of a thousand epochs costs little more than the last.
 */
export class PersistentMap<V> {
  readonly size: number;
  readonly #root: Node<V>;
  /** Digits of {@link BITS} bits that a key of this trie has. */
  readonly #digits: number;

  private constructor(root: Node<V>, digits: number, size: number) {
    this.#root = root;
    this.#digits = digits;
    this.size = size;
  }

  static empty<V>(): PersistentMap<V> {
    return new PersistentMap<V>([], 1, 0);
  }

  static from<V>(entries: Iterable<readonly [number, V]>): PersistentMap<V> {
    let map = PersistentMap.empty<V>();
    for (const [key, value] of entries) map = map.set(key, value);
    return map;
  }

  get(key: number): V | undefined {
    if (digitsOf(key) > this.#digits) return undefined;
    let node: Node<V> = this.#root;
    for (let level = this.#digits - 1; level > 0; level--) {
      const child = node[digit(key, level)];
      if (child === undefined || !isNode(child)) return undefined;
      node = child;
    }
    const leaf = node[digit(key, 0)];
    return leaf === undefined || isNode(leaf) ? undefined : leaf.value;
  }

  has(key: number): boolean {
    return this.get(key) !== undefined;
  }

  set(key: number, value: V): PersistentMap<V> {
    let root = this.#root;
    let digits = this.#digits;
    for (; digits < digitsOf(key); digits++) root = root.length === 0 ? [] : [root];
    const grown = this.has(key) ? 0 : 1;
    return new PersistentMap(withLeaf(root, digits - 1, key, { value }), digits, this.size + grown);
  }

  delete(key: number): PersistentMap<V> {
    if (!this.has(key)) return this;
    return new PersistentMap(
      withLeaf(this.#root, this.#digits - 1, key, undefined),
      this.#digits,
      this.size - 1,
    );
  }

  /** Entries by ascending key. */
  *entries(): IterableIterator<[number, V]> {
    yield* walk(this.#root, this.#digits - 1, 0);
  }

  *keys(): IterableIterator<number> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }
}

function isNode<V>(child: Node<V> | { readonly value: V }): child is Node<V> {
  return Array.isArray(child);
}

/** Keys reach 2^53, beyond what shifts of 32-bit integers can take apart. */
function digit(key: number, level: number): number {
  return Math.floor(key / WIDTH ** level) % WIDTH;
}

function digitsOf(key: number): number {
  let digits = 1;
  for (let rest = Math.floor(key / WIDTH); rest > 0; rest = Math.floor(rest / WIDTH)) digits++;
  return digits;
}

function withLeaf<V>(
  node: Node<V>,
  level: number,
  key: number,
  leaf: { readonly value: V } | undefined,
): Node<V> {
  const copy = node.slice();
  const index = digit(key, level);
  if (level === 0) {
    copy[index] = leaf;
    return copy;
  }
  const child = node[index];
  copy[index] = withLeaf(child !== undefined && isNode(child) ? child : [], level - 1, key, leaf);
  return copy;
}

function* walk<V>(node: Node<V>, level: number, prefix: number): IterableIterator<[number, V]> {
  for (let index = 0; index < node.length; index++) {
    const child = node[index];
    if (child === undefined) continue;
    const key = prefix * WIDTH + index;
    if (isNode(child)) yield* walk(child, level - 1, key);
    else yield [key, child.value];
  }
}
