/**
 * What is read of a table on both sides to compare it, and how it is sorted.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { TableComparison } from "./diff.ts";
import { quoteName, tableColumns } from "./sql_names.ts";

/** How a table is read for comparison. */
export interface ComparePlan {
  readonly missingIn: ("a" | "b")[];
  /** Key columns that a side lacks, so that nothing can be compared. */
  readonly missingKeys: { readonly column: string; readonly side: "a" | "b" }[];
  readonly keyNames: string[];
  /** Columns that are read: those that are compared, then key columns that are only shown. */
  readonly columns: string[];
  /** How many of `columns` are compared. */
  readonly compared: number;
  /** Positions in `columns` of those that a sample of a row shows. */
  readonly shown: number[];
  readonly ignored: string[];
  readonly columnsOnlyInA: string[];
  readonly columnsOnlyInB: string[];
  /** Number of key expressions: the query's `k0`, `k1`, … */
  readonly keys: number;
  /** Numbers of text bits (see {@linkcode textsOf}) that belong to the compared columns. */
  readonly comparedTexts: number;
  /** Gives `k0`… (key), `v0`… (columns) and `t0`… (text bits), sorted by key, then what is compared. */
  readonly query: string;
  readonly countQuery: string;
}

/** Plans the comparison of a table. */
export function comparePlan(
  a: DatabaseSync,
  b: DatabaseSync,
  comparison: TableComparison,
  ignore: readonly string[],
): ComparePlan {
  const { table, key } = comparison;
  const inA = tableColumns(a, table);
  const inB = tableColumns(b, table);
  const missingIn: ("a" | "b")[] = [];
  if (inA.length === 0) missingIn.push("a");
  if (inB.length === 0) missingIn.push("b");

  const common = inA.filter((column) => inB.includes(column));
  const skipped = new Set([...comparison.ignored, ...ignore]);
  const has = (column: string | undefined): column is string =>
    column !== undefined && common.includes(column);
  const content = has(key.content) && [a, b].every((db) => everFilled(db, table, key.content!))
    ? key.content
    : undefined;
  const fallback = key.fallback ?? [];
  const keyNames = [...key.columns, ...(content ? [content] : []), ...fallback];
  const missingKeys = missingIn.length > 0 ? [] : keyNames.flatMap((column) => {
    const side = !inA.includes(column) ? "a" : !inB.includes(column) ? "b" : undefined;
    return side === undefined ? [] : [{ column, side: side as "a" | "b" }];
  });

  const compared = common.filter((column) => !skipped.has(column));
  const onlyShown = keyNames.filter((column) => common.includes(column) && skipped.has(column));
  const keyed = [
    ...key.columns.map(normalised),
    ...(content ? [normalised(content)] : []),
    ...fallback.map((column) =>
      content
        ? `CASE WHEN ${quoteName(content)} IS NULL THEN ${normalised(column)} END`
        : normalised(column)
    ),
  ];
  const comparedTexts = textsOf(compared);
  const columns = [...compared, ...onlyShown];
  // The order of the list is the order of sorting. What is not compared comes last: it must not
  // part rows that count as equal, but makes the samples the same every time.
  const selected = [
    ...keyed.map((expression, i) => `${expression} AS k${i}`),
    ...compared.map((column, i) => `${normalised(column)} AS v${i}`),
    ...comparedTexts.map((expression, i) => `${expression} AS t${i}`),
    ...onlyShown.map((column, i) => `${normalised(column)} AS v${compared.length + i}`),
    ...textsOf(onlyShown).map((expression, i) => `${expression} AS t${comparedTexts.length + i}`),
  ];
  const order = selected.map((_, i) => i + 1).join(", ");
  return {
    missingIn,
    missingKeys,
    keyNames,
    columns,
    compared: compared.length,
    comparedTexts: comparedTexts.length,
    shown: columns.flatMap((column, i) => keyNames.includes(column) ? [i] : []),
    ignored: common.filter((column) => skipped.has(column)),
    columnsOnlyInA: inA.filter((column) => !inB.includes(column)),
    columnsOnlyInB: inB.filter((column) => !inA.includes(column)),
    keys: keyed.length,
    query: `SELECT ${selected.join(", ")} FROM ${quoteName(table)} ORDER BY ${order}`,
    countQuery: `SELECT count(*) AS rows FROM ${quoteName(table)}`,
  };
}

/** Columns whose bits fit one number of {@linkcode textsOf}. */
const TEXTS_PER_NUMBER = 30;

/** Whether a row of the plan's query has text in the column at position `column`. */
export function isText(
  plan: ComparePlan,
  row: Readonly<Record<string, unknown>>,
  column: number,
): boolean {
  const shown = column >= plan.compared;
  const at = shown ? column - plan.compared : column;
  const number = Math.floor(at / TEXTS_PER_NUMBER) + (shown ? plan.comparedTexts : 0);
  return ((row[`t${number}`] as number) & (1 << (at % TEXTS_PER_NUMBER))) !== 0;
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
