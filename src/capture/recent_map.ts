/** @module */

/**
 * Remembers what was used lately, for decoders: most packets are heard by several stations, one
 * after the other. Bounded without keeping an order: entries live in two generations, and the older
 * one is forgotten as a whole.
 */
export class RecentMap<K, V> {
  readonly #generation: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  /** Keeps the last `generation` entries, and at most twice as many. */
  constructor(generation: number) {
    this.#generation = generation;
  }

  /** Undefined where it is not remembered. */
  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Remembers `value`, in the place of an earlier one of the same key. */
  set(key: K, value: V): void {
    if (this.#young.size >= this.#generation) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  /** Forgets an entry. */
  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
