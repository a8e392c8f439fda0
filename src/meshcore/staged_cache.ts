/** @module */

/**
 * What a writer remembers of rows. What is learned inside a transaction counts from then on, but is
 * kept only when the transaction is durable: a rolled back row must not be remembered.
 */
export class StagedCache<V> {
  readonly #known = new Map<string, V>();
  readonly #staged = new Map<string, V>();
  readonly #max: number;

  /** An empty cache that keeps up to `max` entries; the oldest go first. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Undefined when it is not remembered; the row may exist nevertheless. */
  get(key: string): V | undefined {
    return this.#staged.get(key) ?? this.#known.get(key);
  }

  /** Remembers `value`, which must not be changed afterwards. */
  set(key: string, value: V): void {
    this.#staged.set(key, value);
  }

  /** The transaction is durable. */
  committed(): void {
    for (const [key, value] of this.#staged) {
      // Entered anew, so that what is in use is the last to go.
      this.#known.delete(key);
      this.#known.set(key, value);
    }
    this.#staged.clear();
    for (const key of this.#known.keys()) {
      if (this.#known.size <= this.#max) break;
      this.#known.delete(key);
    }
  }

  /** The transaction left nothing. */
  rolledBack(): void {
    this.#staged.clear();
  }

  /** Rows may have gone: everything is asked for again. */
  clear(): void {
    this.#known.clear();
    this.#staged.clear();
  }
}
