/**
 * Merges two sorted streams of rows into the differences between them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { ColumnDiff, RowSample, ValueSample } from "./diff.ts";
import type { ComparePlan, PlanColumn } from "./diff_plan.ts";

/** A value as `normalised()` of the plan gives it. */
export type Value = null | number | Uint8Array;

/** A row of the plan's query. */
export type Row = Record<string, Value>;

/** The part of a table's result that comes from its rows. */
export interface MergeResult {
  /** Rows in A. */
  rowsA: number;
  /** Rows in B. */
  rowsB: number;
  /** Pairs that are equal. */
  same: number;
  /** Pairs that differ. */
  differing: number;
  /** Rows without a partner in B. */
  onlyInA: number;
  /** Rows without a partner in A. */
  onlyInB: number;
  /** The first of them. */
  samplesOnlyInA: RowSample[];
  /** The first of them. */
  samplesOnlyInB: RowSample[];
  /** Where pairs differ, by column. */
  columns: ColumnDiff[];
}

/**
 * Rows of one key that are held on either side while their partners are looked for. A key stands
 * for one reception, so there is rarely more than one; beyond this bound the oldest are given up
 * as rows of one side.
 */
const HELD_ROWS = 2_000;

/** Rows between two rests, in which a signal may come through. */
const SLICE_ROWS = 20_000;

/**
 * Pairs the rows of `rowsA` and `rowsB`, both sorted by the plan's query. Rows of equal key and
 * equal content are the same; what is left of a key is paired in order and compared by column;
 * what is left then is on one side only.
 *
 * @throws the signal's reason when it is aborted.
 */
export async function mergeTables(
  rowsA: IterableIterator<Row>,
  rowsB: IterableIterator<Row>,
  plan: ComparePlan,
  options: { samples: number; signal?: AbortSignal; onProgress?: (rows: number) => void },
): Promise<MergeResult> {
  const merge = new Merge(plan, options.samples);
  try {
    let a = rowsA.next();
    let b = rowsB.next();
    let rested = 0;
    while (!a.done || !b.done) {
      const order = a.done ? 1 : b.done ? -1 : merge.compare(a.value, b.value);
      if (order <= 0) {
        merge.takeA(a.value, order === 0);
        a = rowsA.next();
      }
      if (order >= 0) {
        merge.takeB(b.value, order === 0);
        b = rowsB.next();
      }
      if (merge.rows - rested >= SLICE_ROWS) {
        rested = merge.rows;
        options.onProgress?.(rested);
        await new Promise((resolve) => setTimeout(resolve, 0));
        options.signal?.throwIfAborted();
      }
    }
  } finally {
    // A statement that is not read to its end keeps its transaction open.
    rowsA.return?.();
    rowsB.return?.();
  }
  const result = merge.finish();
  options.onProgress?.(merge.rows);
  return result;
}

class Merge {
  readonly #plan: ComparePlan;
  readonly #samples: number;
  /** Names in a row of the columns that always belong to the key. */
  readonly #keys: string[];
  /** Names of those that belong to it where the content is empty. */
  readonly #fallback: string[];
  readonly #order: string[];
  readonly #columns: { differing: number; samples: ValueSample[] }[];
  readonly #result: Omit<MergeResult, "columns"> = {
    rowsA: 0,
    rowsB: 0,
    same: 0,
    differing: 0,
    onlyInA: 0,
    onlyInB: 0,
    samplesOnlyInA: [],
    samplesOnlyInB: [],
  };
  /** Rows without a partner whose key is that of the last row taken. */
  #heldA: Row[] = [];
  #heldB: Row[] = [];

  constructor(plan: ComparePlan, samples: number) {
    this.#plan = plan;
    this.#samples = samples;
    const values = plan.columns.map((_, i) => `v${i}`);
    this.#keys = values.slice(0, plan.keys);
    this.#fallback = values.slice(plan.keys, plan.fallbackEnd);
    this.#order = [...values, ...Array.from({ length: plan.comparedTexts }, (_, i) => `t${i}`)];
    this.#columns = plan.columns.map(() => ({ differing: 0, samples: [] }));
  }

  /** Rows taken so far, both sides together. */
  get rows(): number {
    return this.#result.rowsA + this.#result.rowsB;
  }

  /** Order of two rows in the sorted streams; 0 when they are the same. */
  compare(a: Row, b: Row): number {
    return compareBy(this.#order, a, b);
  }

  takeA(row: Row, partnered: boolean): void {
    this.#result.rowsA++;
    if (partnered) this.#result.same++;
    else this.#hold(this.#heldA, row);
  }

  takeB(row: Row, partnered: boolean): void {
    this.#result.rowsB++;
    if (!partnered) this.#hold(this.#heldB, row);
  }

  finish(): MergeResult {
    this.#settle();
    const columns = this.#plan.columns
      .map((column, i) => ({ ...column, ...this.#columns[i]! }))
      .filter((column) => column.differing > 0)
      .sort((a, b) => a.position - b.position)
      .map(({ name, differing, samples }) => ({ column: name, differing, samples }));
    return { ...this.#result, columns };
  }

  #sameKey(a: Row, b: Row): boolean {
    if (compareBy(this.#keys, a, b) !== 0) return false;
    const { content } = this.#plan;
    const complete = content !== -1 && a[`v${content}`] !== null;
    return complete || compareBy(this.#fallback, a, b) === 0;
  }

  #hold(held: Row[], row: Row): void {
    const before = this.#heldA[0] ?? this.#heldB[0];
    if (before !== undefined && !this.#sameKey(before, row)) this.#settle();
    else if (held.length >= HELD_ROWS) this.#settle();
    (held === this.#heldA ? this.#heldA : this.#heldB).push(row);
  }

  /** Pairs what is held, and gives up the rest. */
  #settle(): void {
    const pairs = Math.min(this.#heldA.length, this.#heldB.length);
    for (let i = 0; i < pairs; i++) this.#differ(this.#heldA[i]!, this.#heldB[i]!);
    const { samplesOnlyInA, samplesOnlyInB } = this.#result;
    for (const row of this.#heldA.splice(0).slice(pairs)) {
      this.#result.onlyInA++;
      if (samplesOnlyInA.length < this.#samples) samplesOnlyInA.push(this.#show(row));
    }
    for (const row of this.#heldB.splice(0).slice(pairs)) {
      this.#result.onlyInB++;
      if (samplesOnlyInB.length < this.#samples) samplesOnlyInB.push(this.#show(row));
    }
  }

  #differ(a: Row, b: Row): void {
    this.#result.differing++;
    for (const [i, { compared, text }] of this.#plan.columns.entries()) {
      if (!compared) continue;
      const textA = isText(a, text);
      const textB = isText(b, text);
      const valueA = a[`v${i}`]!;
      const valueB = b[`v${i}`]!;
      if (textA === textB && compareValues(valueA, valueB) === 0) continue;
      const column = this.#columns[i]!;
      column.differing++;
      if (column.samples.length >= this.#samples) continue;
      const shownA = showValue(valueA, textA);
      const shownB = showValue(valueB, textB);
      // Five kinds of differences say more than the first kind five times.
      if (column.samples.some((known) => known.a === shownA && known.b === shownB)) continue;
      column.samples.push({ row: this.#show(a), a: shownA, b: shownB });
    }
  }

  /** The key of a row. */
  #show(row: Row): RowSample {
    const sample: Record<string, string> = {};
    for (const [i, { name, text }] of this.#plan.columns.entries()) {
      if (i < this.#plan.fallbackEnd) sample[name] = showValue(row[`v${i}`]!, isText(row, text));
    }
    return sample;
  }
}

function isText(row: Row, { number, mask }: PlanColumn["text"]): boolean {
  return ((row[number] as number) & mask) !== 0;
}

function compareBy(names: readonly string[], a: Row, b: Row): number {
  for (const name of names) {
    const order = compareValues(a[name]!, b[name]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** SQLite's order: NULL, then numbers, then bytes. */
function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (typeof a === "number") return typeof b === "number" ? (a < b ? -1 : a > b ? 1 : 0) : -1;
  return typeof b === "number" ? 1 : Buffer.compare(a, b);
}

/** A value for a person: text in quotes, bytes in hexadecimal, long ones cut. */
function showValue(value: Value, text: boolean): string {
  if (value === null) return "NULL";
  if (typeof value === "number") return String(value);
  if (text) {
    const whole = new TextDecoder().decode(value);
    return JSON.stringify(whole.length > 60 ? `${whole.slice(0, 60)}…` : whole);
  }
  const shown = Buffer.from(value.subarray(0, 24)).toString("hex");
  return value.length > 24 ? `x'${shown}…' (${value.length} bytes)` : `x'${shown}'`;
}
