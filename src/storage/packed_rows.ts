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

const NULL = 0, NUMBER = 1, STRING = 2, BLOB = 3, UNBINDABLE = 4;

/** Packs `rows`, each of `columns` cells. A cell of another type is kept as such and refused later. */
export function packRows(rows: readonly (readonly Cell[])[], columns: number): PackedRows {
  const tags = new Uint8Array(rows.length * columns);
  const numbers = new Float64Array(rows.length * columns);
  const strings: string[] = [];
  const index = new Map<string, number>();
  const blobs: Uint8Array[] = [];
  let size = 0;
  let at = 0;
  for (const row of rows) {
    for (let c = 0; c < columns; c++, at++) {
      const cell = row[c];
      if (cell === null) continue;
      if (typeof cell === "number") {
        tags[at] = NUMBER;
        numbers[at] = cell;
      } else if (typeof cell === "string") {
        let i = index.get(cell);
        if (i === undefined) {
          i = strings.length;
          strings.push(cell);
          index.set(cell, i);
        }
        tags[at] = STRING;
        numbers[at] = i;
      } else if (typeof cell === "boolean") {
        tags[at] = NUMBER;
        numbers[at] = cell ? 1 : 0;
      } else if (cell instanceof Uint8Array) {
        tags[at] = BLOB;
        numbers[at] = blobs.length;
        blobs.push(cell);
        size += cell.length;
      } else {
        tags[at] = UNBINDABLE;
      }
    }
  }
  const spans = new Uint32Array(blobs.length * 2);
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (let i = 0; i < blobs.length; i++) {
    bytes.set(blobs[i]!, offset);
    spans[2 * i] = offset;
    offset += blobs[i]!.length;
    spans[2 * i + 1] = offset;
  }
  return { rows: rows.length, columns, tags, numbers, strings, spans, bytes };
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
