/** @module */
import type { EncodedBatch } from "../../src/storage/thread_store.ts";

/** "Packs" numbers for a thread of the tests, two in a step. */
export function* packNumbers(batch: readonly number[]): Generator<void, EncodedBatch> {
  for (let i = 2; i < batch.length; i += 2) yield;
  return { value: batch, transfer: [] };
}
