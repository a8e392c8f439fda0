/**
 * What is read of a table on both sides to compare it, and how it is sorted.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { TableComparison } from "./diff.ts";
import { quoteName, tableColumns } from "../storage/sql_names.ts";

/** How a table is read for comparison. */
export interface ComparePlan {
  /** Sides that lack the table. */
  readonly missingIn: ("a" | "b")[];
  /** Key columns that a side lacks, so that nothing can be compared. */
  readonly missingKeys: { readonly column: string; readonly side: "a" | "b" }[];
  /** Columns of the key, in the order of comparing. */
  readonly keyNames: string[];
  /** Columns that are read, in the order of sorting: the key, then what else is compared. */
  readonly columns: PlanColumn[];
  /** Positions in `columns` of the key: `content` and what comes before it. */
  readonly keys: number;
  /** Position in `columns` of the key's `content`; −1 where it does not serve. */
  readonly content: number;
  /** Positions in `columns` up to which the fallback goes; it begins at `keys`. */
  readonly fallbackEnd: number;
  /** Columns that are not compared, because they were to be ignored. */
  readonly ignored: string[];
  /** Columns that B lacks. */
  readonly columnsOnlyInA: string[];
  /** Columns that A lacks. */
  readonly columnsOnlyInB: string[];
  /** Numbers of text bits (see {@linkcode textsOf}) that belong to the compared columns. */
  readonly comparedTexts: number;
  /** Gives `v0`… (columns) and `t0`… (text bits), sorted by them. */
  readonly query: string;
  /** Gives the number of rows. */
  readonly countQuery: string;
}

/** A column that is read. */
export interface PlanColumn {
  /** Name of the column. */
  readonly name: string;
  /** False for a key column that was to be ignored: it only serves to match rows. */
  readonly compared: boolean;
  /** Position in the table of side A. */
  readonly position: number;
  /** Number and bit of {@linkcode textsOf} that say whether it holds text. */
  readonly text: { readonly number: string; readonly mask: number };
}

/** Plans the comparison of a table. */
export function comparePlan(
  a: DatabaseSync,
  b: DatabaseSync,
  comparison: TableComparison,
  ignore: readonly string[],
): ComparePlan {
  const { table, key } = comparison;
  const derived = Object.entries(comparison.derived ?? {});
  const inA = columnsOf(a, table, derived);
  const inB = columnsOf(b, table, derived);
  const missingIn: ("a" | "b")[] = [];
  if (inA.length === 0) missingIn.push("a");
  if (inB.length === 0) missingIn.push("b");

  const common = inA.filter((column) => inB.includes(column));
  const skipped = new Set([...comparison.ignored, ...ignore]);
  const serves = key.content !== undefined && common.includes(key.content) &&
    [a, b].every((db) => everFilled(db, table, key.content!));
  const leading = [...key.columns, ...(serves ? [key.content!] : [])];
  const fallback = (key.fallback ?? []).filter((column) => !leading.includes(column));
  const keyNames = [...leading, ...fallback];
  const missingKeys = missingIn.length > 0 ? [] : keyNames.flatMap((column) => {
    const side = !inA.includes(column) ? "a" : !inB.includes(column) ? "b" : undefined;
    return side === undefined ? [] : [{ column, side: side as "a" | "b" }];
  });

  const rest = common.filter((column) => !skipped.has(column) && !keyNames.includes(column));
  const names = [...keyNames, ...rest];
  const values = names.map((column) =>
    // Where the content serves, an ignored column of the fallback must not part equal rows.
    serves && skipped.has(column) && fallback.includes(column)
      ? `CASE WHEN ${quoteName(key.content!)} IS NULL THEN ${normalised(column)} END`
      : normalised(column)
  );
  const compared = names.filter((column) => !skipped.has(column));
  const onlyMatched = names.filter((column) => skipped.has(column));
  const comparedTexts = textsOf(compared);
  // Text bits of what is not compared come last and do not part rows, either.
  const texts = [...comparedTexts, ...textsOf(onlyMatched)];
  const selected = [
    ...values.map((expression, i) => `${expression} AS v${i}`),
    ...texts.map((expression, i) => `${expression} AS t${i}`),
  ];
  const rows = derived.length === 0
    ? quoteName(table)
    : `(SELECT ${
      ["*", ...derived.map(([name, sql]) => `(${sql}) AS ${quoteName(name)}`)].join(", ")
    } FROM ${quoteName(table)})`;
  const order = selected.map((_, i) => i + 1).join(", ");
  return {
    missingIn,
    missingKeys,
    keyNames,
    columns: names.map((name) => ({
      name,
      compared: !skipped.has(name),
      position: inA.indexOf(name),
      text: skipped.has(name)
        ? textBit(onlyMatched.indexOf(name), comparedTexts.length)
        : textBit(compared.indexOf(name), 0),
    })),
    keys: leading.length,
    content: serves ? leading.length - 1 : -1,
    fallbackEnd: keyNames.length,
    ignored: common.filter((column) => skipped.has(column)),
    columnsOnlyInA: inA.filter((column) => !inB.includes(column)),
    columnsOnlyInB: inB.filter((column) => !inA.includes(column)),
    comparedTexts: comparedTexts.length,
    query: `SELECT ${selected.join(", ")} FROM ${rows} ORDER BY ${order}`,
    countQuery: `SELECT count(*) AS rows FROM ${quoteName(table)}`,
  };
}

function columnsOf(
  db: DatabaseSync,
  table: string,
  derived: readonly (readonly [string, string])[],
): string[] {
  const columns = tableColumns(db, table);
  return columns.length === 0 ? [] : [...columns, ...derived.map(([name]) => name)];
}

/** Columns whose bits fit one number of {@linkcode textsOf}. */
const TEXTS_PER_NUMBER = 30;

function textBit(position: number, firstNumber: number): PlanColumn["text"] {
  return {
    number: `t${firstNumber + Math.floor(position / TEXTS_PER_NUMBER)}`,
    mask: 1 << (position % TEXTS_PER_NUMBER),
  };
}

/**
 * A column's value in a form that sorts the same in SQLite and here: numbers, or bytes. Text
 * becomes its bytes, because SQLite sorts by bytes and JavaScript by UTF-16 units, and because
 * text that is not UTF-8 would lose its difference. Integers that JavaScript cannot hold exactly
 * (the driver throws on them) become their digits.
 */
function normalised(column: string): string {
  const name = quoteName(column);
  return `CASE typeof(${name})
    WHEN 'text' THEN CAST(${name} AS BLOB)
    WHEN 'integer' THEN CASE WHEN ${name} BETWEEN -9007199254740991 AND 9007199254740991
      THEN ${name} ELSE CAST(CAST(${name} AS TEXT) AS BLOB) END
    ELSE ${name} END`;
}

/**
 * Which columns hold text, as bits: once text and bytes look the same, this tells them apart.
 * (A query does not: `WHERE gateway_id = '!12345678'` never finds bytes.)
 */
function textsOf(columns: readonly string[]): string[] {
  const numbers: string[] = [];
  for (let start = 0; start < columns.length; start += TEXTS_PER_NUMBER) {
    numbers.push(
      columns.slice(start, start + TEXTS_PER_NUMBER)
        .map((column, bit) => `(typeof(${quoteName(column)}) = 'text') * ${2 ** bit}`)
        .join(" + "),
    );
  }
  return numbers;
}

function everFilled(db: DatabaseSync, table: string, column: string): boolean {
  const name = quoteName(table);
  const row = db.prepare(
    `SELECT EXISTS (SELECT 1 FROM ${name} WHERE ${quoteName(column)} IS NOT NULL)
      OR NOT EXISTS (SELECT 1 FROM ${name}) AS filled`,
  ).get();
  return row?.["filled"] === 1;
}
