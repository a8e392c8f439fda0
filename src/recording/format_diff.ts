/**
 * A {@linkcode DatabaseDiff} for a person. Machines take the object itself: it is plain JSON.
 *
 * @module
 */
import type { DatabaseDiff, RowSample, TableDiff } from "./diff.ts";

/** The differences as text, ending with a line feed. */
export function formatDiff(diff: DatabaseDiff): string {
  const lines = [`A  ${diff.a}`, `B  ${diff.b}`, ""];
  lines.push(...align([
    ["table", "rows A", "rows B", "same", "differing", "only in A", "only in B"],
    ...diff.tables.map((t) => [
      t.table,
      t.missingIn.includes("a") ? "no table" : String(t.rowsA),
      t.missingIn.includes("b") ? "no table" : String(t.rowsB),
      String(t.same),
      String(t.differing),
      String(t.onlyInA),
      String(t.onlyInB),
    ]),
  ]));
  for (const table of diff.tables) lines.push(...tableDetails(table));
  lines.push("", verdict(diff));
  return lines.join("\n") + "\n";
}

function verdict({ equal, compared }: DatabaseDiff): string {
  if (!compared) return "Nothing was compared: no table is on either side.";
  return equal ? "The databases are equal in content." : "The databases differ.";
}

function tableDetails(table: TableDiff): string[] {
  const lines: string[] = [];
  const { columns } = table;
  if (columns.length > 0) {
    lines.push("", `${table.table}: columns that differ`);
    const rows = columns.flatMap(({ column, differing, samples }) =>
      samples.map((sample, i) => [
        i === 0 ? column : "",
        i === 0 ? String(differing) : "",
        sample.a,
        sample.b,
        row(sample.row),
      ])
    );
    lines.push(...align([["column", "rows", "A", "B", "for example in"], ...rows]));
  }
  for (
    const [side, count, samples] of [
      ["A", table.onlyInA, table.samplesOnlyInA],
      ["B", table.onlyInB, table.samplesOnlyInB],
    ] as const
  ) {
    if (samples.length === 0) continue;
    lines.push("", `${table.table}: ${count} only in ${side}, for example`);
    for (const sample of samples) lines.push(`  ${row(sample)}`);
  }
  const notes = [
    ["not compared", table.ignored],
    ["not compared, only in A", table.columnsOnlyInA],
    ["not compared, only in B", table.columnsOnlyInB],
  ] as const;
  if (table.missingIn.length === 0 && notes.some(([, list]) => list.length > 0)) lines.push("");
  for (const [what, list] of notes) {
    if (table.missingIn.length > 0 || list.length === 0) continue;
    lines.push(`${table.table}: ${what}: ${list.join(", ")}`);
  }
  return lines;
}

/** The key of a row, less what is empty in it; of long bytes, their beginning. */
function row(sample: RowSample): string {
  const cells = Object.entries(sample).filter(([, value]) => !EMPTY.has(value));
  const told = cells.length > 0 ? cells : Object.entries(sample);
  return told.map(([column, value]) => `${column}=${value.replace(LONG_BYTES, "x'$1…'")}`).join(
    " ",
  );
}

const EMPTY: ReadonlySet<string> = new Set(["NULL", "x''", '""']);
const LONG_BYTES = /^x'([0-9a-f]{16})[0-9a-f]+\u2026?'/;

/** Columns of a table under each other; those that hold numbers to the right. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const cells of rows) {
    cells.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, [...cell].length));
  }
  const numeric = widths.map((_, i) => rows.slice(1).every((cells) => /^\d*$/.test(cells[i]!)));
  return rows.map((cells) =>
    cells.map((cell, i) => {
      const space = " ".repeat(widths[i]! - [...cell].length);
      return numeric[i] ? space + cell : cell + space;
    }).join("  ").trimEnd()
  );
}
