import fc from "fast-check";
import assert from "node:assert/strict";
import { nextDelay } from "../../src/mqtt/reconnect_policy.ts";

const situations = fc.record({
  failures: fc.integer({ min: 1, max: 100_000 }),
  slow: fc.boolean(),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});
const bounds = fc.tuple(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 0, max: 100_000 }))
  .map(([minMs, more]) => ({ minMs, maxMs: minMs + more }));

Deno.test("nextDelay() stays between 0 and the cap, whatever the history", () => {
  fc.assert(fc.property(bounds, situations, (options, situation) => {
    const wait = nextDelay(options, situation);
    assert.ok(wait >= 0 && wait <= options.maxMs);
  }));
});

Deno.test("nextDelay() never exceeds minMs doubled by each failure", () => {
  fc.assert(fc.property(bounds, situations, (options, situation) => {
    fc.pre(!situation.slow);
    assert.ok(nextDelay(options, situation) <= options.minMs * 2 ** (situation.failures - 1));
  }));
});

Deno.test("nextDelay() spreads over the whole range (full jitter)", () => {
  const at = (random: number) =>
    nextDelay({ minMs: 100, maxMs: 1000 }, { failures: 3, slow: false, random });
  assert.equal(at(0), 0);
  assert.equal(at(0.5), 200);
  assert.ok(at(0.999) > 399);
});

Deno.test("nextDelay() waits at least half the cap when trying soon cannot help", () => {
  fc.assert(fc.property(bounds, situations, (options, situation) => {
    assert.ok(nextDelay(options, { ...situation, slow: true }) >= options.maxMs / 2);
  }));
});
