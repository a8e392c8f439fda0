/** @module */
import type { RecordBatch } from "./network.ts";

/** A batch for whoever takes the records as they are. */
export class RecordList<R> implements RecordBatch<R> {
  /** What was added, in order. */
  readonly records: R[] = [];

  get size(): number {
    return this.records.length;
  }

  add(record: R): void {
    this.records.push(record);
  }

  /** Nothing: whoever has the records keeps them. */
  [Symbol.dispose](): void {}
}
