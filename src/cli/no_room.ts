/** @module */
import { StorageError } from "../capture/network.ts";

/**
 * Bytes without which a disk counts as full: the file of shared memory takes 32 KiB, and what a file
 * system says is free it cannot always give to the last block.
 */
const LEAST_BYTES = 1024 * 1024;

/**
 * The error of an opening, told as `disk_full` where it was told as `io` and the disk has no room:
 * SQLite calls it a disk I/O error when its file of shared memory cannot grow.
 *
 * @param freeBytes answers how many bytes may still be written; undefined: it cannot be had.
 */
export async function noRoomOr(
  error: unknown,
  freeBytes: () => Promise<number | undefined>,
): Promise<unknown> {
  if (!(error instanceof StorageError) || error.reason !== "io") return error;
  const free = await freeBytes();
  if (free === undefined || free >= LEAST_BYTES) return error;
  return new StorageError(
    `${error.message}; its disk is full (${free} bytes are free)`,
    "disk_full",
    true,
    { cause: error },
  );
}
