/** A map that forgets the entry used longest ago. `dropped` runs for entries it forgets, not for replaced ones. */
export class Lru<Key, Value> {
  readonly #entries = new Map<Key, Value>();

  constructor(
    readonly capacity: number,
    private readonly dropped: (value: Value) => void = () => {},
  ) {}

  get size(): number {
    return this.#entries.size;
  }

  get(key: Key): Value | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  peek(key: Key): Value | undefined {
    return this.#entries.get(key);
  }

  has(key: Key): boolean {
    return this.#entries.has(key);
  }

  set(key: Key, value: Value): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    for (const [oldest, forgotten] of this.#entries) {
      if (this.#entries.size <= this.capacity) break;
      this.#entries.delete(oldest);
      this.dropped(forgotten);
    }
  }

  entries(): IterableIterator<[Key, Value]> {
    return this.#entries.entries();
  }

  clear(): void {
    for (const value of this.#entries.values()) this.dropped(value);
    this.#entries.clear();
  }
}
