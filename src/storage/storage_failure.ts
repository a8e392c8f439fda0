/**
 * Turns what `node:sqlite` and the file system throw into a {@linkcode StorageError} of the closed
 * set of reasons.
 *
 * @module
 */
import { StorageError, type StorageReason } from "../capture/network.ts";

/** SQLite's primary result codes that we tell apart (https://sqlite.org/rescode.html). */
const REASONS: Readonly<Record<number, StorageReason>> = {
  3: "permission",
  5: "locked",
  6: "locked",
  7: "io",
  8: "read_only",
  10: "io",
  11: "corrupt",
  13: "disk_full",
  14: "io",
  18: "refused",
  19: "refused",
  20: "refused",
  23: "permission",
  26: "not_a_database",
};

/** What a person has to do; nothing else helps. */
const CORRUPT_ADVICE =
  ': stop all programs that use it and restore a copy, or save what can be read with "sqlite3 FILE .recover"';

const RETRYABLE: ReadonlySet<StorageReason> = new Set(["disk_full", "locked", "io"]);

/**
 * SQLite's texts for the same codes: Deno's `exec()` and constructor throw without a code, and
 * `prepare()` in Deno 2.4 even without the text, so whatever may fail first goes through `exec()`.
 */
const TEXTS: readonly (readonly [text: string, code: number])[] = [
  ["database is locked", 5],
  ["table is locked", 6],
  ["access permission denied", 3],
  ["out of memory", 7],
  ["readonly database", 8],
  ["disk I/O error", 10],
  ["disk image is malformed", 11],
  ["malformed database schema", 11],
  ["database or disk is full", 13],
  ["unable to open database file", 14],
  ["string or blob too big", 18],
  ["constraint failed", 19],
  ["datatype mismatch", 20],
  ["not authorized", 23],
  ["file is not a database", 26],
];

/** SQLite's result code of a thrown value, less its extension; undefined for anything else. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ERR_SQLITE_ERROR") {
    return undefined;
  }
  if ("errcode" in error && typeof error.errcode === "number") return error.errcode & 0xff;
  return TEXTS.find(([text]) => error.message.includes(text))?.[1] ?? 1;
}

/** What the value says of itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * True when the database refuses a record for what is in it: a constraint, a value that is too big,
 * of the wrong type or not bindable at all. Trying again or later cannot help then.
 */
export function isRefusal(error: unknown): boolean {
  const code = sqliteCode(error);
  if (code !== undefined) return REASONS[code] === "refused";
  // node:sqlite throws a TypeError or RangeError for values that it cannot bind.
  return error instanceof TypeError || error instanceof RangeError;
}

/**
 * The {@linkcode StorageError} for a thrown value; one that is a StorageError already stays as it is.
 *
 * @param doing what was being done, as the beginning of the message: "cannot open x.db".
 */
export function storageFailure(error: unknown, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const reason = reasonOf(error);
  return new StorageError(
    `${doing}: ${messageOf(error)}${reason === "corrupt" ? CORRUPT_ADVICE : ""}`,
    reason,
    RETRYABLE.has(reason),
    { cause: error },
  );
}

function reasonOf(error: unknown): StorageReason {
  const code = sqliteCode(error);
  if (code !== undefined) return REASONS[code] ?? "unexpected";
  if (error instanceof Deno.errors.PermissionDenied) return "permission";
  // Deno's own permission flags: no operator of the file system can help.
  if (error instanceof Deno.errors.NotCapable) return "permission";
  if (isRefusal(error)) return "refused";
  return "unexpected";
}
