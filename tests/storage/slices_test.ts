import assert from "node:assert/strict";
import fc from "fast-check";
import { Slices } from "../../src/storage/slices.ts";

/** A disk on which a transaction takes `fixedMs`, and a row `rowMs`; its time is the clock. */
function disk(fixedMs: number, rowMs: number, maxRows = 500) {
  const state = { now: 0, longest: 0, done: 0, rowMs };
  const slices = new Slices({ maxRows, now: () => state.now });
  const work = (rows: number) => {
    const tookMs = fixedMs + rows * state.rowMs;
    state.now += tookMs;
    state.longest = Math.max(state.longest, tookMs);
    state.done += rows;
    return true;
  };
  return { state, slices, work };
}

Deno.test("Slices.run() grows to its most on a fast disk, and stays within its budget", () => {
  const { state, slices, work } = disk(0.2, 0.01);
  for (let i = 0; i < 20; i++) {
    const began = state.now;
    assert.equal(slices.run(40, work), "more");
    assert.ok(state.now - began <= 40);
  }
  assert.equal(slices.rows, 500);
});

Deno.test("Slices.run() shrinks when its transactions take too long", () => {
  const { state, slices, work } = disk(1, 0.05);
  for (let i = 0; i < 20; i++) slices.run(40, work);
  assert.ok(slices.rows > 300, `${slices.rows}`);
  // The pages that come now are cold.
  state.rowMs = 5;
  slices.run(40, work);
  state.longest = 0;
  for (let i = 0; i < 20; i++) slices.run(40, work);
  assert.ok(state.longest <= 250, `${state.longest} ms`);
  assert.ok(slices.rows < 30, `${slices.rows}`);
});

Deno.test("Slices.run() keeps its first transactions short on a slow card", () => {
  // A delete that touches twenty indexes with a millisecond a page.
  const { state, slices, work } = disk(30, 20);
  for (let i = 0; i < 50; i++) slices.run(40, work);
  assert.ok(state.longest <= 250, `${state.longest} ms`);
  assert.equal(slices.rows, 4);
});

Deno.test("Slices.run() does not give up all its rows for one accident", () => {
  const { state, slices, work } = disk(1, 0.05);
  for (let i = 0; i < 20; i++) slices.run(40, work);
  const before = slices.rows;
  slices.run(40, (rows) => {
    state.now += 5000;
    return rows > 0;
  });
  assert.ok(slices.rows >= Math.floor(before / 16));
});

Deno.test("Slices.run() is done when nothing is left, and begins with few rows again", () => {
  const { slices, work } = disk(0, 0.01);
  slices.run(40, work);
  assert.ok(slices.rows > 8);
  let calls = 0;
  assert.equal(slices.run(40, () => ++calls < 3), "done");
  assert.equal(calls, 3);
  assert.equal(slices.rows, 8);
});

Deno.test("Slices.run() always asks for at least one row and never for more than allowed", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { maxLength: 50 }),
      (maxRows, times) => {
        let now = 0;
        let at = 0;
        const slices = new Slices({ maxRows, now: () => now });
        for (let i = 0; i < times.length; i++) {
          slices.run(40, (rows) => {
            assert.ok(rows >= 1 && rows <= maxRows);
            now += times[at++ % times.length]! + 0.01;
            return true;
          });
        }
      },
    ),
  );
});
