import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cell, packRows, unpackRow } from "../../src/storage/packed_rows.ts";

const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.constant(null),
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)),
);

Deno.test("unpackRow() gives back what packRows() was given", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 20 }),
      (rows) => {
        const packed = packRows(rows, 3);
        assert.equal(packed.rows, rows.length);
        rows.forEach((row, i) => {
          const into: unknown[] = [];
          unpackRow(packed, i, into);
          assert.deepEqual(into, row.map((c) => typeof c === "boolean" ? Number(c) : c));
        });
      },
    ),
  );
});

Deno.test("unpackRow() throws a TypeError for a value that SQLite does not know", () => {
  for (const value of [undefined, {}, 1n, Symbol()]) {
    const packed = packRows([[value as unknown as Cell]], 1);
    assert.throws(() => unpackRow(packed, 0, []), TypeError);
  }
});
