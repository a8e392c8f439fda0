/** @module */
import type { CommitContext } from "../../src/capture/network.ts";
import type { RecordList } from "../../src/capture/record_list.ts";

/** What a store would write of a batch: all but what is in quarantine. */
export function storedList<R>({ records }: RecordList<R>, { quarantine }: CommitContext): R[] {
  const leftOut = new Set(quarantine.map(({ record }) => record));
  return records.filter((_, index) => !leftOut.has(index));
}
