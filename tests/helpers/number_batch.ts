/** @module */
import { RecordList } from "../../src/capture/record_list.ts";
import type { EncodableBatch } from "../../src/storage/thread_store.ts";

/** Numbers on their way to a thread of the tests. */
export class NumberBatch extends RecordList<number> implements EncodableBatch<number> {
  encode(): readonly number[] {
    return this.records;
  }
}
