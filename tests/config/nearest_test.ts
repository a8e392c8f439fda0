import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance, nearest } from "../../src/config/nearest.ts";

Deno.test("editDistance() counts insertions, deletions, replacements and swaps", () => {
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("topcis", "topics"), 1);
  assert.equal(editDistance("batchmax", "batch_max"), 1);
  assert.equal(editDistance("url", "uri"), 1);
});

Deno.test("editDistance() is symmetric, and 0 for equal words alone", () => {
  fc.assert(fc.property(fc.string(), fc.string(), (a, b) => {
    assert.equal(editDistance(a, b), editDistance(b, a));
    assert.equal(editDistance(a, b) === 0, a === b);
    assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
  }));
});

Deno.test("nearest() guesses a slip and nothing else", () => {
  assert.equal(nearest("Topcis", ["topics", "url"]), "topics");
  assert.equal(nearest("pasword", ["password", "password_file"]), "password");
  assert.equal(nearest("colour", ["topics", "url"]), undefined);
  assert.equal(nearest("x".repeat(10_000), ["topics"]), undefined);
});
