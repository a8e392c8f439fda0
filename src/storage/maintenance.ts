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
import { Slices } from "./slices.ts";

/** Free pages that are given back at once at most; 256 pages are about 1 MiB. */
const VACUUM_PAGES = 256;
/** Free pages that one run of the job gives back at most. */
const VACUUM_RUN_PAGES = 16_384;
/** Rows of each index that ANALYZE looks at; SQLite advises 100 to 1000, and a card reads slowly. */
const ANALYSIS_LIMIT = 100;
/**
 * `PRAGMA optimize` without doing anything: it names the tables whose statistics are old. See
 * https://sqlite.org/pragma.html#pragma_optimize.
 */
const OPTIMIZE_NAMES = 0xffff;

/** The scheduled job. `everyMs`: milliseconds between runs. */
export function maintenanceJob(db: DatabaseSync, everyMs: number): Job {
  const vacuum = vacuumRuns(db, VACUUM_RUN_PAGES);
  let stage = 0;
  let toAnalyze: string[] = [];
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
        toAnalyze = oldStatistics(db);
        stage = 2;
        return "more";
      }
      const next = toAnalyze.pop();
      if (next !== undefined) {
        db.exec(`PRAGMA analysis_limit = ${ANALYSIS_LIMIT}`);
        db.exec(`ANALYZE ${quoteName(next)}`);
        return "more";
      }
      const result = vacuum(budgetMs);
      if (result === "done") stage = 0;
      return result;
    },
  };
}

/**
 * Gives free pages back, `maxPages` (1 or more) a run at most, in slices as large as the disk is quick.
 * Each call works for about `budgetMs`; after "done" the next one begins a new run.
 */
export function vacuumRuns(
  db: DatabaseSync,
  maxPages: number,
): (budgetMs: number) => "more" | "done" {
  const slices = new Slices({ maxRows: VACUUM_PAGES });
  let left = maxPages;
  return (budgetMs) => {
    const result = slices.run(budgetMs, (pages) => {
      const some = Math.min(pages, left);
      left -= some;
      return vacuumSlice(db, some) && left > 0;
    });
    if (result === "done") left = maxPages;
    return result;
  };
}

/**
 * What to call ANALYZE with: the indexes, one by one since a table of twenty would hold up a commit,
 * and tables that have none.
 */
function oldStatistics(db: DatabaseSync): string[] {
  const words = db.prepare(`PRAGMA optimize(${OPTIMIZE_NAMES})`).all()
    .map((row) => String(Object.values(row)[0]));
  const tables = words.flatMap((sql) => /^ANALYZE "main"\."(.+)"$/.exec(sql)?.[1] ?? [])
    .map((name) => name.replaceAll('""', '"'));
  const indexes = db.prepare("SELECT name FROM pragma_index_list(?)");
  return tables.flatMap((table) => {
    const names = indexes.all(table).map((row) => String(row["name"]));
    return names.length > 0 ? names : [table];
  });
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
    while (performance.now() < end && attempt(() => vacuumSlice(db, VACUUM_PAGES)));
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
function vacuumSlice(db: DatabaseSync, pages: number): boolean {
  const before = freePages(db);
  if (before === 0) return false;
  // exec() would step once and so free one page only.
  db.prepare(`PRAGMA incremental_vacuum(${Math.trunc(pages)})`).all();
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
