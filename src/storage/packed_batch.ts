/** @module */
import type { RecordBatch } from "../capture/network.ts";

/** A batch in memory that the storage thread sees, too. A network's kind of batch extends it. */
export abstract class PackedBatch<R> implements RecordBatch<R> {
  /** Records that there is room for. */
  readonly capacity: number;
  #pool: PackedBatch<R>[] | undefined;

  /** Room for `capacity` records. */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** As {@linkcode RecordBatch.size}. */
  abstract get size(): number;

  /** As {@linkcode RecordBatch.add}. */
  abstract add(record: R): void;

  /**
   * What the network's thread expects, shared with it or copied on its way: the batch can be sent
   * again, to a thread that has taken the place of this one, too.
   */
  abstract encode(): unknown;

  /** Forgets all records. */
  protected abstract clear(): void;

  /** Has the batch go to `pool` when it is disposed of. */
  lend(pool: PackedBatch<R>[]): this {
    this.#pool = pool;
    return this;
  }

  /** Empties the batch, and gives it back to the pool that it was lent from. */
  [Symbol.dispose](): void {
    this.clear();
    // Given back twice, it would be lent twice.
    this.#pool?.push(this);
    this.#pool = undefined;
  }
}
