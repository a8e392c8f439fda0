import assert from "node:assert/strict";
import fc from "fast-check";
import { percentile, round, slope } from "../../bench/percentile.ts";

Deno.test("percentile() is the nearest rank, always one of the values", () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile(hundred, 0), 1);
  assert.equal(percentile([7, 3], 0.99), 7);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});

Deno.test("percentile() has its share of the values at or below it", () => {
  const values = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
    const found = percentile(all, share);
    assert.ok(all.includes(found));
    assert.ok(all.filter((one) => one <= found).length >= share * all.length);
    assert.ok(all.filter((one) => one < found).length <= share * all.length);
  }));
});

Deno.test("slope() is that of a line through points on a line, and 0 where there is none", () => {
  assert.equal(slope([[0, 5], [1, 7], [2, 9]]), 2);
  assert.equal(slope([[3, 4], [5, 4]]), 0);
  assert.equal(slope([[3, 4]]), 0);
});

Deno.test("round() keeps so many digits", () => {
  assert.equal(round(1.2345, 2), 1.23);
  assert.equal(round(1.5), 2);
});
