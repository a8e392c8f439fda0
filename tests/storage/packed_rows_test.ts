import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cell, type PackedRows, RowPacker, unpackRow } from "../../src/storage/packed_rows.ts";

const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.constant(null),
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)),
);

function packed(
  rows: readonly (readonly Cell[])[],
  columns: number,
  capacity = rows.length,
): PackedRows {
  const packer = new RowPacker(capacity, columns);
  for (const row of rows) packer.add(row);
  return packer.finish();
}

Deno.test("unpackRow() gives back what RowPacker was given", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 20 }),
      fc.nat(3),
      (rows, left) => {
        const whole = packed(rows, 3, rows.length + left);
        assert.equal(whole.rows, rows.length);
        rows.forEach((row, i) => {
          const into: unknown[] = [];
          unpackRow(whole, i, into);
          assert.deepEqual(into, row.map((c) => typeof c === "boolean" ? Number(c) : c));
        });
      },
    ),
  );
});

function cellOf(packed: PackedRows, row: number): unknown {
  const into: unknown[] = [];
  unpackRow(packed, row, into);
  return into[0];
}

Deno.test("RowPacker takes blobs of any length", () => {
  const blobs = [1, 1000, 0, 70_000, 255, 256].map((n) => new Uint8Array(n).fill(n));
  const whole = packed(blobs.map((blob) => [blob]), 1);
  blobs.forEach((blob, i) => assert.deepEqual(cellOf(whole, i), blob));
});

Deno.test("RowPacker keeps nothing of a row that its owner changes, and takes no more than it has room for", () => {
  const packer = new RowPacker(2, 1);
  const blob = new Uint8Array([1, 2]);
  const row: Cell[] = [blob];
  packer.add(row);
  blob.fill(9);
  row[0] = "text";
  packer.add(row);
  assert.deepEqual([0, 1].map((i) => cellOf(packer.finish(), i)), [new Uint8Array([1, 2]), "text"]);
  assert.throws(() => packer.add(row), RangeError);
  assert.equal(packer.rows, 2);
});

Deno.test("RowPacker has no row whose blob found no memory", () => {
  const packer = new RowPacker(3, 2);
  packer.add([1, new Uint8Array([1])]);
  const Shared = globalThis.SharedArrayBuffer;
  globalThis.SharedArrayBuffer = class {
    constructor() {
      throw new RangeError("Array buffer allocation failed");
    }
  } as never;
  try {
    assert.throws(() => packer.add([2, new Uint8Array(10_000)]), /allocation failed/);
  } finally {
    globalThis.SharedArrayBuffer = Shared;
  }
  packer.add([null, new Uint8Array([3])]);
  const rows = packer.finish();
  assert.equal(rows.rows, 2);
  const second: unknown[] = [];
  unpackRow(rows, 1, second);
  assert.deepEqual(second, [null, new Uint8Array([3])]);
  assert.equal(cellOf(rows, 0), 1);
});

Deno.test("RowPacker.clear() leaves nothing of the rows before, and gives back room that is not usual", () => {
  const packer = new RowPacker(2, 2);
  const usual = packer.finish().bytes.length;
  packer.add(["old", new Uint8Array(10_000)]);
  packer.add([1, "old, too"]);
  assert.ok(packer.finish().bytes.length > usual);
  packer.clear();
  packer.add([null, "new"]);
  packer.add([null, new Uint8Array([7])]);
  const rows = packer.finish();
  const second: unknown[] = [];
  const first: unknown[] = [];
  unpackRow(rows, 0, first);
  unpackRow(rows, 1, second);
  assert.deepEqual([first, second], [[null, "new"], [null, new Uint8Array([7])]]);
  assert.deepEqual(rows.strings, ["new"]);
  assert.equal(rows.bytes.length, usual);
});

Deno.test("unpackRow() throws a TypeError for a value that SQLite does not know", () => {
  for (const value of [undefined, {}, 1n, Symbol()]) {
    const whole = packed([[value as unknown as Cell]], 1);
    assert.throws(() => unpackRow(whole, 0, []), TypeError);
  }
});
