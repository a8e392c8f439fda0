/**
 * Rows on their way to the storage thread: a few buffers instead of thousands of objects. Repeated
 * strings cross once.
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

const NULL = 0, NUMBER = 1, STRING = 2, BLOB = 3, UNBINDABLE = 4;

/** Bytes of blobs that a row is taken to have; where it has more, the room is doubled. */
const BLOB_BYTES_A_ROW = 256;

/**
 * Packs rows one by one, so that thousands of them need not exist beside each other. A cell of a type
 * that SQLite does not know is kept as such and refused later.
 */
export class RowPacker {
  readonly #capacity: number;
  readonly #columns: number;
  readonly #tags: Uint8Array<ArrayBuffer>;
  readonly #numbers: Float64Array<ArrayBuffer>;
  readonly #strings: string[] = [];
  readonly #index = new Map<string, number>();
  readonly #spans: number[] = [];
  #bytes: Uint8Array<ArrayBuffer>;
  #size = 0;
  #rows = 0;

  /** Room for `capacity` rows of `columns` cells. */
  constructor(capacity: number, columns: number) {
    this.#capacity = capacity;
    this.#columns = columns;
    this.#tags = new Uint8Array(capacity * columns);
    this.#numbers = new Float64Array(capacity * columns);
    this.#bytes = new Uint8Array(capacity * BLOB_BYTES_A_ROW);
  }

  /**
   * Adds a row, of which nothing is kept but strings.
   *
   * @throws {RangeError} when there is no room left.
   */
  add(row: readonly Cell[]): void {
    if (this.#rows === this.#capacity) {
      throw new RangeError(`there is room for ${this.#capacity} rows`);
    }
    const tags = this.#tags;
    const numbers = this.#numbers;
    const columns = this.#columns;
    let at = this.#rows++ * columns;
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
        numbers[at] = this.#spanIndex(cell);
      } else {
        tags[at] = UNBINDABLE;
      }
    }
  }

  /** The rows that were added. */
  finish(): PackedRows {
    const cells = this.#rows * this.#columns;
    // What is posted is copied with all of its buffer, so with no room left over.
    const whole = this.#rows === this.#capacity;
    return {
      rows: this.#rows,
      columns: this.#columns,
      tags: whole ? this.#tags : this.#tags.slice(0, cells),
      numbers: whole ? this.#numbers : this.#numbers.slice(0, cells),
      strings: this.#strings,
      spans: Uint32Array.from(this.#spans),
      bytes: this.#bytes.slice(0, this.#size),
    };
  }

  #spanIndex(blob: Uint8Array): number {
    const start = this.#size;
    const end = start + blob.length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(blob, start);
    this.#size = end;
    this.#spans.push(start, end);
    return this.#spans.length / 2 - 1;
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
