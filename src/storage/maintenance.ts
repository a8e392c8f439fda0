/**
 * Keeps a database in shape: in service checkpoint, optimize and a bounded vacuum on a schedule; at
 * the end statistics and vacuum while time remains.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { withBusyTimeout } from "./busy_timeout.ts";
import { quoteName } from "./sql_names.ts";

/** Free pages that one slice gives back; 256 pages are about 1 MiB. */
const VACUUM_SLICE_PAGES = 256;
/** Free pages that one run of the job gives back at most. */
const VACUUM_RUN_PAGES = 16_384;
/** Rows of each index that ANALYZE looks at. */
const ANALYSIS_LIMIT = 400;

/** The scheduled job. `everyMs`: milliseconds between runs. */
export function maintenanceJob(db: DatabaseSync, everyMs: number): Job {
  let stage = 0;
  let pagesLeft = 0;
  return {
    name: "maintenance",
    everyMs,
    step(budgetMs) {
      if (stage === 0) {
        // PASSIVE waits for nobody; what a reader still needs stays for the next time.
        db.prepare("PRAGMA wal_checkpoint(PASSIVE)").all();
        stage = 1;
        return "more";
      }
      if (stage === 1) {
        db.exec(`PRAGMA analysis_limit = ${ANALYSIS_LIMIT}`);
        db.prepare("PRAGMA optimize").all();
        stage = 2;
        pagesLeft = VACUUM_RUN_PAGES;
        return "more";
      }
      const end = performance.now() + budgetMs;
      while (pagesLeft > 0 && performance.now() < end) {
        pagesLeft -= VACUUM_SLICE_PAGES;
        if (!vacuumSlice(db)) pagesLeft = 0;
      }
      if (pagesLeft > 0) return "more";
      stage = 0;
      return "done";
    },
  };
}

/** Tidies for at most about `budgetMs`, and folds the log into the database. For the end of a run. */
export function tidyUp(db: DatabaseSync, budgetMs: number, normalBusyMs: number): void {
  const end = performance.now() + budgetMs;
  withBusyTimeout(db, 100, normalBusyMs, () => {
    db.exec(`PRAGMA analysis_limit = ${ANALYSIS_LIMIT}`);
    const tables = db.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    ).all();
    for (const table of tables) {
      if (performance.now() >= end) break;
      attempt(() => db.exec(`ANALYZE ${quoteName(String(table["name"]))}`));
    }
    while (performance.now() < end && attempt(() => vacuumSlice(db)));
    // TRUNCATE waits for readers as long as the busy timeout says; the log may also stay.
    attempt(() => db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all());
  });
}

/** What `PRAGMA integrity_check` finds; empty when all is well. Takes minutes on a large file. */
export function integrityCheck(db: DatabaseSync): string[] {
  const rows = db.prepare("PRAGMA integrity_check").all();
  return rows.map((row) => String(row["integrity_check"])).filter((line) => line !== "ok");
}

/** Free pages of the file. */
export function freePages(db: DatabaseSync): number {
  return pragmaNumber(db, "freelist_count");
}

/** Value of a pragma that is a number. */
export function pragmaNumber(db: DatabaseSync, name: string): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name] ?? 0);
}

/** False when there is nothing (more) to give back. */
function vacuumSlice(db: DatabaseSync): boolean {
  const before = freePages(db);
  if (before === 0) return false;
  // exec() would step once and so free one page only.
  db.prepare(`PRAGMA incremental_vacuum(${VACUUM_SLICE_PAGES})`).all();
  // A file made by others has no auto_vacuum: nothing changes there.
  return freePages(db) < before;
}

/** At the end of a run nothing of this is worth an error: another program's lock may be in the way. */
function attempt(work: () => unknown): boolean {
  try {
    return work() !== false;
  } catch {
    return false;
  }
}
