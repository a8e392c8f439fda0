/** @module */
import { PackedBatch } from "../../src/storage/packed_batch.ts";

/** Numbers on their way to a thread of the tests. */
export class NumberBatch extends PackedBatch<number> {
  #numbers: number[] = [];

  override get size(): number {
    return this.#numbers.length;
  }

  override add(record: number): void {
    this.#numbers.push(record);
  }

  override encode(): readonly number[] {
    return this.#numbers;
  }

  protected override clear(): void {
    this.#numbers = [];
  }
}
