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

function packed(rows: readonly (readonly Cell[])[], columns: number): PackedRows {
  const packer = new RowPacker(rows.length, columns);
  for (const row of rows) packer.add(row);
  return packer.finish();
}

Deno.test("unpackRow() gives back what RowPacker was given", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 20 }),
      (rows) => {
        const whole = packed(rows, 3);
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

Deno.test("unpackRow() throws a TypeError for a value that SQLite does not know", () => {
  for (const value of [undefined, {}, 1n, Symbol()]) {
    const whole = packed([[value as unknown as Cell]], 1);
    assert.throws(() => unpackRow(whole, 0, []), TypeError);
  }
});
