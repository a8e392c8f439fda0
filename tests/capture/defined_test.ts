import assert from "node:assert/strict";
import { defined } from "../../src/capture/defined.ts";

Deno.test("defined() leaves out what is undefined, and nothing else", () => {
  const values = { a: undefined, b: null, c: 0, d: "", e: false };
  assert.deepEqual(defined(values), { b: null, c: 0, d: "", e: false });
  assert.deepEqual(Object.keys(defined({ a: undefined })), []);
});
