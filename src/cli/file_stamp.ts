/** @module */

/** A moment as part of a file's name, in UTC: `20261122T181500Z`. Sorts by time. */
export function fileStamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
}
