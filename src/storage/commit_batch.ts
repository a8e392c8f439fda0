/**
 * The commit: records and context in one transaction, all or nothing.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import {
  type CommitContext,
  type CommitSummary,
  recordsLeftOut,
  StorageError,
} from "../capture/network.ts";
import type { CaptureTables } from "./capture_tables.ts";
import { isRefusal, messageOf, storageFailure } from "./storage_failure.ts";
import { rollBack } from "./transaction.ts";

/** Writes the records of one network; what it remembers follows the transaction. */
export interface BatchWriter<B> {
  /** Number of records in a batch. */
  size(batch: B): number;
  /** Writes record `index`. Throws what SQLite throws. */
  write(batch: B, index: number): void;
  /** Writes what was gathered over the records of this transaction. */
  flush(): void;
  /** Rows written in this transaction, by what a reader would call them. */
  counts(): Record<string, number>;
  /** The transaction is durable. */
  committed(): void;
  /** The transaction, or its last record, left nothing. */
  rolledBack(): void;
}

/**
 * Commits `batch` with `context`.
 *
 * @throws {StorageError} as `Store.commit` says; nothing is written then.
 */
export function commitBatch<B>(
  db: DatabaseSync,
  writer: BatchWriter<B>,
  tables: CaptureTables,
  batch: B,
  context: CommitContext,
): CommitSummary {
  const start = performance.now();
  const leftOut = recordsLeftOut(context.quarantine);
  try {
    db.exec("BEGIN IMMEDIATE");
    const size = writer.size(batch);
    for (let i = 0; i < size; i++) {
      if (!leftOut.has(i)) writer.write(batch, i);
    }
    writer.flush();
    tables.write(context);
    const counts = writer.counts();
    db.exec("COMMIT");
    writer.committed();
    tables.committed();
    return { counts, durationMs: performance.now() - start };
  } catch (error) {
    rollBack(db);
    writer.rolledBack();
    tables.rolledBack();
    if (isRefusal(error)) throw refusal(db, writer, batch, leftOut, error);
    throw storageFailure(error, "the commit failed");
  }
}

/**
 * Writes record after record into a transaction that is thrown away, to find those that are refused:
 * for themselves, or because of one before them.
 */
function refusal<B>(
  db: DatabaseSync,
  writer: BatchWriter<B>,
  batch: B,
  leftOut: ReadonlySet<number>,
  cause: unknown,
): StorageError {
  const refused: { index: number; error: string }[] = [];
  try {
    db.exec("BEGIN IMMEDIATE");
    for (let i = 0; i < writer.size(batch); i++) {
      if (leftOut.has(i)) continue;
      db.exec("SAVEPOINT record");
      try {
        writer.write(batch, i);
        writer.flush();
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refused.push({ index: i, error: messageOf(error) });
        db.exec("ROLLBACK TO record");
        writer.rolledBack();
      }
      db.exec("RELEASE record");
    }
  } catch (error) {
    return storageFailure(error, "the commit failed");
  } finally {
    rollBack(db);
    writer.rolledBack();
  }
  if (refused.length === 0) {
    // No record is to blame, so there is none to take out: what goes with them is refused.
    return new StorageError(
      `the commit failed, though every record is accepted: ${messageOf(cause)}`,
      "unexpected",
      false,
      { cause },
    );
  }
  return new StorageError(
    `the database refuses ${refused.length} of ${writer.size(batch)} records: ${refused[0]!.error}`,
    "refused",
    false,
    { cause },
    refused,
  );
}
