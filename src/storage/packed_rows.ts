/**
 * Rows on their way to the storage thread: a few buffers that are handed over instead of thousands
 * of objects that are copied. Repeated strings cross once.
 *
 * @module
 */

/** A value of a row as SQLite binds it. Booleans become 0 and 1. */
export type Cell = number | string | boolean | null | Uint8Array<ArrayBuffer>;

/** Packed rows; `tags` and `numbers` hold a cell each, row after row. */
export interface PackedRows {
  /** Number of rows. */
  readonly rows: number;
  /** Cells of a row. */
  readonly columns: number;
  /** What kind of value each cell holds. */
  readonly tags: Uint8Array<ArrayBuffer>;
  /** The number itself, an index into `strings`, or an index into `spans` / 2. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** All texts. */
  readonly strings: readonly string[];
  /** Start and end in `bytes` of each blob. */
  readonly spans: Uint32Array<ArrayBuffer>;
  /** All blobs, one after another. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Rows that are packed without a break: one or two milliseconds. A batch of 2,000 takes ten, and more
 * where others want the processor.
 */
export const STEP_ROWS = 250;

const NULL = 0, NUMBER = 1, STRING = 2, BLOB = 3, UNBINDABLE = 4;

/**
 * Packs rows one by one, so that thousands of them need not exist beside each other. A cell of a type
 * that SQLite does not know is kept as such and refused later.
 */
export class RowPacker {
  readonly #rows: number;
  readonly #columns: number;
  readonly #tags: Uint8Array<ArrayBuffer>;
  readonly #numbers: Float64Array<ArrayBuffer>;
  readonly #strings: string[] = [];
  readonly #index = new Map<string, number>();
  readonly #blobs: Uint8Array[] = [];
  #at = 0;
  #size = 0;

  /** Room for `rows` rows of `columns` cells. */
  constructor(rows: number, columns: number) {
    this.#rows = rows;
    this.#columns = columns;
    this.#tags = new Uint8Array(rows * columns);
    this.#numbers = new Float64Array(rows * columns);
  }

  /** Adds a row; `row` may be used again afterwards, but its blobs must stay as they are. */
  add(row: readonly Cell[]): void {
    const tags = this.#tags;
    const numbers = this.#numbers;
    const columns = this.#columns;
    let at = this.#at;
    for (let c = 0; c < columns; c++, at++) {
      const cell = row[c];
      if (cell === null) continue;
      if (typeof cell === "number") {
        tags[at] = NUMBER;
        numbers[at] = cell;
      } else if (typeof cell === "string") {
        tags[at] = STRING;
        numbers[at] = this.#stringIndex(cell);
      } else if (typeof cell === "boolean") {
        tags[at] = NUMBER;
        numbers[at] = cell ? 1 : 0;
      } else if (cell instanceof Uint8Array) {
        tags[at] = BLOB;
        numbers[at] = this.#blobs.length;
        this.#blobs.push(cell);
        this.#size += cell.length;
      } else {
        tags[at] = UNBINDABLE;
      }
    }
    this.#at = at;
  }

  /** The packed rows; every row must have been added. */
  finish(): PackedRows {
    const blobs = this.#blobs;
    const spans = new Uint32Array(blobs.length * 2);
    const bytes = new Uint8Array(this.#size);
    let offset = 0;
    for (let i = 0; i < blobs.length; i++) {
      bytes.set(blobs[i]!, offset);
      spans[2 * i] = offset;
      offset += blobs[i]!.length;
      spans[2 * i + 1] = offset;
    }
    return {
      rows: this.#rows,
      columns: this.#columns,
      tags: this.#tags,
      numbers: this.#numbers,
      strings: this.#strings,
      spans,
      bytes,
    };
  }

  #stringIndex(text: string): number {
    let i = this.#index.get(text);
    if (i === undefined) {
      i = this.#strings.length;
      this.#strings.push(text);
      this.#index.set(text, i);
    }
    return i;
  }
}

/** The buffers to hand over with a message that holds `packed`. */
export function transferables(packed: PackedRows): Transferable[] {
  return [packed.tags.buffer, packed.numbers.buffer, packed.spans.buffer, packed.bytes.buffer];
}

/**
 * Reads row `row` into `into`; blobs are views.
 *
 * @throws {TypeError} when a cell is of a type that SQLite does not know.
 */
export function unpackRow(packed: PackedRows, row: number, into: unknown[]): void {
  let at = row * packed.columns;
  for (let c = 0; c < packed.columns; c++, at++) {
    const number = packed.numbers[at]!;
    switch (packed.tags[at]) {
      case NULL:
        into[c] = null;
        break;
      case NUMBER:
        into[c] = number;
        break;
      case STRING:
        into[c] = packed.strings[number];
        break;
      case BLOB:
        into[c] = packed.bytes.subarray(packed.spans[2 * number], packed.spans[2 * number + 1]);
        break;
      default:
        throw new TypeError(`column ${c + 1} has a value that cannot be stored`);
    }
  }
}
