/**
 * Rows on their way to the storage thread: a few buffers that both threads see, instead of thousands
 * of objects that are copied. Repeated strings cross once.
 *
 * @module
 */

/** A value of a row as SQLite binds it. Booleans become 0 and 1. */
export type Cell = number | string | boolean | null | Uint8Array<ArrayBuffer>;

/** Packed rows; `tags` and `numbers` hold a cell each, row after row, and may have room for more. */
export interface PackedRows {
  /** Number of rows. */
  readonly rows: number;
  /** Cells of a row. */
  readonly columns: number;
  /** What kind of value each cell holds. */
  readonly tags: Uint8Array<SharedArrayBuffer>;
  /** The number itself, an index into `strings`, or where in `bytes` a blob begins. */
  readonly numbers: Float64Array<SharedArrayBuffer>;
  /** All texts. */
  readonly strings: readonly string[];
  /** All blobs, each behind its length (u32, little-endian). */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
}

const NULL = 0, NUMBER = 1, STRING = 2, BLOB = 3, UNBINDABLE = 4;

/** Bytes of blobs that a row is taken to have; where it has more, the room is doubled. */
const BLOB_BYTES_A_ROW = 256;

/** Times the usual room for blobs that is kept for the next rows. */
const KEPT_ROOM = 4;

/** Bytes of a blob's length. */
const LENGTH_BYTES = 4;

/**
 * Packs rows one by one, so that thousands of them need not exist beside each other. A cell of a type
 * that SQLite does not know is kept as such and refused later.
 */
export class RowPacker {
  readonly #capacity: number;
  readonly #columns: number;
  readonly #tags: Uint8Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  readonly #index = new Map<string, number>();
  #strings: string[] = [];
  #bytes: Uint8Array<SharedArrayBuffer>;
  #size = 0;
  #rows = 0;

  /** Room for `capacity` rows of `columns` cells. */
  constructor(capacity: number, columns: number) {
    this.#capacity = capacity;
    this.#columns = columns;
    this.#tags = new Uint8Array(new SharedArrayBuffer(capacity * columns));
    this.#numbers = new Float64Array(new SharedArrayBuffer(capacity * columns * 8));
    this.#bytes = blobRoom(capacity);
  }

  /** Rows that were added. */
  get rows(): number {
    return this.#rows;
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
    let at = this.#rows * columns;
    for (let c = 0; c < columns; c++, at++) {
      const cell = row[c];
      if (cell === null) {
        tags[at] = NULL;
      } else if (typeof cell === "number") {
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
        numbers[at] = this.#addBlob(cell);
      } else {
        tags[at] = UNBINDABLE;
      }
    }
    // Last, so that a row whose blob finds no memory is none.
    this.#rows++;
  }

  /** The rows that were added; to be asked for anew after anything is added or cleared. */
  finish(): PackedRows {
    return {
      rows: this.#rows,
      columns: this.#columns,
      tags: this.#tags,
      numbers: this.#numbers,
      strings: this.#strings,
      bytes: this.#bytes,
    };
  }

  /** Forgets all rows and keeps the room, if it is not far more than is usual. */
  clear(): void {
    if (this.#bytes.length > this.#capacity * BLOB_BYTES_A_ROW * KEPT_ROOM) {
      this.#bytes = blobRoom(this.#capacity);
    }
    this.#rows = 0;
    this.#size = 0;
    this.#strings = [];
    this.#index.clear();
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

  #addBlob(blob: Uint8Array): number {
    const { length } = blob;
    const start = this.#size;
    const end = start + LENGTH_BYTES + length;
    if (end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes;
    bytes[start] = length;
    bytes[start + 1] = length >>> 8;
    bytes[start + 2] = length >>> 16;
    bytes[start + 3] = length >>> 24;
    bytes.set(blob, start + LENGTH_BYTES);
    this.#size = end;
    return start;
  }

  #grow(needed: number): void {
    const larger = new SharedArrayBuffer(Math.max(needed, this.#bytes.length * 2));
    const bytes = new Uint8Array(larger);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

function blobRoom(rows: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(rows * BLOB_BYTES_A_ROW));
}

/**
 * Reads row `row` into `into`; blobs are views.
 *
 * @throws {TypeError} when a cell is of a type that SQLite does not know.
 */
export function unpackRow(packed: PackedRows, row: number, into: unknown[]): void {
  const { numbers, bytes } = packed;
  let at = row * packed.columns;
  for (let c = 0; c < packed.columns; c++, at++) {
    const number = numbers[at]!;
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
      case BLOB: {
        const start = number + LENGTH_BYTES;
        into[c] = bytes.subarray(start, start + blobLength(bytes, number));
        break;
      }
      default:
        throw new TypeError(`column ${c + 1} has a value that cannot be stored`);
    }
  }
}

function blobLength(bytes: Uint8Array, at: number): number {
  const low = bytes[at]! | bytes[at + 1]! << 8;
  const high = bytes[at + 2]! | bytes[at + 3]! << 8;
  return low + high * 65_536;
}
