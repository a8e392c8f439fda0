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
        assert.equal(whole.tags.buffer.byteLength, rows.length * 3, "no room is sent along");
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

Deno.test("RowPacker takes blobs of any length", () => {
  const blobs = [1, 1000, 0, 5000, 255].map((length) => new Uint8Array(length).fill(length));
  const whole = packed(blobs.map((blob) => [blob]), 1);
  blobs.forEach((blob, i) => {
    const into: unknown[] = [];
    unpackRow(whole, i, into);
    assert.deepEqual(into, [blob]);
  });
  assert.equal(whole.bytes.buffer.byteLength, 6256);
});

Deno.test("RowPacker keeps nothing of a row that its owner changes", () => {
  const packer = new RowPacker(2, 1);
  const blob = new Uint8Array([1, 2]);
  const row: Cell[] = [blob];
  packer.add(row);
  blob.fill(9);
  row[0] = "text";
  const before = packer.finish();
  packer.add(row);
  const read = (rows: PackedRows, row: number) => {
    const into: unknown[] = [];
    unpackRow(rows, row, into);
    return into[0];
  };
  assert.deepEqual(read(before, 0), new Uint8Array([1, 2]));
  assert.deepEqual([0, 1].map((row) => read(packer.finish(), row)), [
    new Uint8Array([1, 2]),
    "text",
  ]);
  assert.throws(() => packer.add(row), RangeError);
});

Deno.test("unpackRow() throws a TypeError for a value that SQLite does not know", () => {
  for (const value of [undefined, {}, 1n, Symbol()]) {
    const whole = packed([[value as unknown as Cell]], 1);
    assert.throws(() => unpackRow(whole, 0, []), TypeError);
  }
});
