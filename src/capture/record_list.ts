/** @module */
import type { RecordBatch } from "./network.ts";

/** A batch for whoever takes the records as they are. */
export class RecordList<R> implements RecordBatch<R> {
  /** What was added, in order. */
  records: R[] = [];

  get size(): number {
    return this.records.length;
  }

  add(record: R): void {
    this.records.push(record);
  }

  clear(): void {
    this.records = [];
  }
}
