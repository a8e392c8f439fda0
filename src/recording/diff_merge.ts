/**
 * Merges two sorted streams of rows into the differences between them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { ColumnDiff, RowSample, ValueSample } from "./diff.ts";
import { type ComparePlan, isText } from "./diff_plan.ts";

/** A value as `normalised()` of the plan gives it. */
type Value = null | number | Uint8Array;

/** A row of the plan's query. */
type Row = Record<string, Value>;

/** The part of a table's result that comes from its rows. */
export interface MergeResult {
  rowsA: number;
  rowsB: number;
  same: number;
  differing: number;
  onlyInA: number;
  onlyInB: number;
  samplesOnlyInA: RowSample[];
  samplesOnlyInB: RowSample[];
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
  readonly #keyNames: string[];
  readonly #orderNames: string[];
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
    this.#keyNames = Array.from({ length: plan.keys }, (_, i) => `k${i}`);
    this.#orderNames = [
      ...this.#keyNames,
      ...Array.from({ length: plan.compared }, (_, i) => `v${i}`),
      ...Array.from({ length: plan.comparedTexts }, (_, i) => `t${i}`),
    ];
    this.#columns = plan.columns.map(() => ({ differing: 0, samples: [] }));
  }

  /** Rows taken so far, both sides together. */
  get rows(): number {
    return this.#result.rowsA + this.#result.rowsB;
  }

  /** Order of two rows in the sorted streams; 0 when they are the same. */
  compare(a: Row, b: Row): number {
    return compareBy(this.#orderNames, a, b);
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
    const columns = this.#columns.flatMap(({ differing, samples }, i) =>
      differing === 0 ? [] : [{ column: this.#plan.columns[i]!, differing, samples }]
    );
    return { ...this.#result, columns };
  }

  #hold(held: Row[], row: Row): void {
    const before = this.#heldA[0] ?? this.#heldB[0];
    if (before !== undefined && compareBy(this.#keyNames, before, row) !== 0) this.#settle();
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
    for (let i = 0; i < this.#plan.compared; i++) {
      const textA = isText(this.#plan, a, i);
      const textB = isText(this.#plan, b, i);
      const valueA = a[`v${i}`]!;
      const valueB = b[`v${i}`]!;
      if (textA === textB && compareValues(valueA, valueB) === 0) continue;
      const column = this.#columns[i]!;
      column.differing++;
      if (column.samples.length >= this.#samples) continue;
      column.samples.push({
        row: this.#show(a),
        a: showValue(valueA, textA),
        b: showValue(valueB, textB),
      });
    }
  }

  #show(row: Row): RowSample {
    const sample: Record<string, string> = {};
    for (const i of this.#plan.shown) {
      sample[this.#plan.columns[i]!] = showValue(row[`v${i}`]!, isText(this.#plan, row, i));
    }
    return sample;
  }
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
