/**
 * Compares two databases by what they hold: rows are matched by content, never by row id. Both
 * sides are read once, in sorted order (SQLite sorts, on disk where it must), and merged, so that
 * memory stays bounded however many rows there are.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { type ComparePlan, comparePlan } from "./diff_plan.ts";
import { mergeTables } from "./diff_merge.ts";

/** How the rows of one table are compared. */
export interface TableComparison {
  /** Name of the table. */
  readonly table: string;
  /** Which rows belong together. */
  readonly key: RowKey;
  /**
   * Columns that the table does not have, by name: an SQL expression over its row, such as what a
   * row id stands for. They are compared like the others, and may belong to the key.
   */
  readonly derived?: Readonly<Record<string, string>>;
  /** Columns that are not compared, such as row ids and the wall clock. */
  readonly ignored: readonly string[];
}

/** What makes two rows the same row. */
export interface RowKey {
  /** Columns that always belong to the key. */
  readonly columns: readonly string[];
  /**
   * A column that identifies a row by itself, together with `columns`, where it is filled: other
   * columns that follow from it are then compared, and their differences shown.
   */
  readonly content?: string;
  /**
   * The key, together with `columns`, of rows where `content` is empty, and of all rows when one
   * side never has it.
   */
  readonly fallback?: readonly string[];
}

/** Options of {@linkcode diffDatabases}. */
export interface DiffOptions {
  /** Columns that are not compared in any table, beside each table's own. */
  ignore?: readonly string[];
  /** Samples kept for each column, and for the rows of one side only. Default 5. */
  samples?: number;
  /** Ends the comparison. */
  signal?: AbortSignal;
  /** Told now and then how many rows of a table were merged, both sides together. */
  onProgress?: (table: string, rows: number) => void;
}

/** How two databases differ. */
export interface DatabaseDiff {
  /** Path of the first database. */
  readonly a: string;
  /** Path of the second one. */
  readonly b: string;
  /** True when something was compared, no row is on one side only and no compared column differs. */
  readonly equal: boolean;
  /** False when no table is on either side, so that nothing can be said of the two. */
  readonly compared: boolean;
  /** A result for each table, in the order asked for. */
  readonly tables: readonly TableDiff[];
}

/** How a table differs. */
export interface TableDiff {
  /** Name of the table. */
  readonly table: string;
  /** Sides that do not have the table. When both lack it, it counts as equal. */
  readonly missingIn: readonly ("a" | "b")[];
  /** No difference was found. */
  readonly equal: boolean;
  /** What rows were matched by. */
  readonly matchedBy: readonly string[];
  /** Rows in A. */
  readonly rowsA: number;
  /** Rows in B. */
  readonly rowsB: number;
  /** Rows that are the same on both sides. */
  readonly same: number;
  /** Matched rows of which some compared column differs. */
  readonly differing: number;
  /** Rows whose partner B lacks. */
  readonly onlyInA: number;
  /** Rows whose partner A lacks. */
  readonly onlyInB: number;
  /** The first of them. */
  readonly samplesOnlyInA: readonly RowSample[];
  /** The first of them. */
  readonly samplesOnlyInB: readonly RowSample[];
  /** Compared columns that differ somewhere, in the order of the table. */
  readonly columns: readonly ColumnDiff[];
  /** Columns of one side only: listed, not compared. */
  readonly columnsOnlyInA: readonly string[];
  /** Columns that A lacks. */
  readonly columnsOnlyInB: readonly string[];
  /** Columns of both sides that were not compared. */
  readonly ignored: readonly string[];
}

/** How a column differs. */
export interface ColumnDiff {
  /** Name of the column. */
  readonly column: string;
  /** Number of matched rows whose values differ. */
  readonly differing: number;
  /** The first rows that differ in it, each with another pair of values. */
  readonly samples: readonly ValueSample[];
}

/** Key columns of a row and their values, as text for a person. */
export type RowSample = Readonly<Record<string, string>>;

/** A value that differs, and in which row. */
export interface ValueSample {
  /** Which row it is. */
  readonly row: RowSample;
  /** Its value in A, shortened for a person. */
  readonly a: string;
  /** Its value in B, shortened for a person. */
  readonly b: string;
}

/** Two databases cannot be compared. `cause` is what SQLite said. */
export class DiffError extends Error {
  /** Survives minifying, so that logs can name it. */
  override readonly name = "DiffError";
}

/**
 * Compares the databases in the files `a` and `b`, which are opened read-only. Rows count: a row
 * that is there twice on one side and once on the other is a difference. The result is the same
 * whatever order the rows were written in.
 *
 * @throws {DiffError} when a file cannot be read or a key's column is missing; the signal's reason
 * when it is aborted.
 */
export async function diffDatabases(
  a: string,
  b: string,
  tables: readonly TableComparison[],
  options: DiffOptions = {},
): Promise<DatabaseDiff> {
  using left = new Side(a);
  using right = new Side(b);
  const results: TableDiff[] = [];
  for (const table of tables) {
    options.signal?.throwIfAborted();
    try {
      results.push(await diffTable(left, right, table, options));
    } catch (cause) {
      if (cause instanceof DiffError || options.signal?.aborted) throw cause;
      throw new DiffError(`cannot compare table ${table.table} of ${a} and ${b}`, { cause });
    }
  }
  const compared = results.some((table) => table.missingIn.length < 2);
  return {
    a,
    b,
    equal: compared && results.every((table) => table.equal),
    compared,
    tables: results,
  };
}

async function diffTable(
  a: Side,
  b: Side,
  comparison: TableComparison,
  options: DiffOptions,
): Promise<TableDiff> {
  const plan = comparePlan(a.db, b.db, comparison, options.ignore ?? []);
  for (const { column, side } of plan.missingKeys) {
    const path = side === "a" ? a.path : b.path;
    throw new DiffError(`table ${comparison.table} of ${path} has no column ${column}`);
  }
  const common = {
    table: comparison.table,
    missingIn: plan.missingIn,
    matchedBy: plan.keyNames,
    columnsOnlyInA: plan.columnsOnlyInA,
    columnsOnlyInB: plan.columnsOnlyInB,
    ignored: plan.ignored,
  };
  if (plan.missingIn.length > 0) {
    const rowsA = plan.missingIn.includes("a") ? 0 : countRows(a, plan);
    const rowsB = plan.missingIn.includes("b") ? 0 : countRows(b, plan);
    return {
      ...common,
      equal: plan.missingIn.length === 2,
      rowsA,
      rowsB,
      same: 0,
      differing: 0,
      onlyInA: rowsA,
      onlyInB: rowsB,
      samplesOnlyInA: [],
      samplesOnlyInB: [],
      columns: [],
    };
  }
  const rowsOf = (side: Side) => side.db.prepare(plan.query).iterate() as IterableIterator<never>;
  const merged = await mergeTables(rowsOf(a), rowsOf(b), plan, {
    samples: options.samples ?? 5,
    ...(options.signal && { signal: options.signal }),
    onProgress: (rows) => options.onProgress?.(comparison.table, rows),
  });
  return {
    ...common,
    equal: merged.differing + merged.onlyInA + merged.onlyInB === 0,
    ...merged,
  };
}

function countRows(side: Side, plan: ComparePlan): number {
  return Number(side.db.prepare(plan.countQuery).get()?.["rows"]);
}

/** A database that is compared. */
class Side implements Disposable {
  readonly db: DatabaseSync;

  constructor(readonly path: string) {
    try {
      this.db = new DatabaseSync(path, { readOnly: true });
      // Sorting goes to a file, never to memory.
      this.db.exec("PRAGMA busy_timeout = 30000; PRAGMA temp_store = FILE");
    } catch (cause) {
      throw new DiffError(`cannot open ${path}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    this.db.close();
  }
}
