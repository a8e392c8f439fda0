import assert from "node:assert/strict";
import fc from "fast-check";
import { receiptClock } from "../../src/capture/receipt_clock.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

Deno.test("receiptClock() gives no time twice within a millisecond, and the seconds stay apart", () => {
  const clock = receiptClock(new ManualClock(1_790_000_000_123));
  const seconds = Array.from({ length: 900 }, () => clock.now() / 1000);
  assert.equal(new Set(seconds).size, 900);
  assert.equal(seconds[0], 1_790_000_000.123);
  assert.ok(seconds.every((one) => one < 1_790_000_000.124));
});

Deno.test("receiptClock() follows the wall clock, also when it is set back", () => {
  const manual = new ManualClock(1_790_000_000_123);
  const clock = receiptClock(manual);
  clock.now();
  manual.jump(-5_000);
  assert.equal(clock.now(), 1_789_999_995_123);
  manual.jump(60_000);
  assert.equal(clock.now(), 1_790_000_055_123);
});

Deno.test("receiptClock() rises with a clock that rises, whatever its steps", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 500 }), (steps) => {
    const manual = new ManualClock();
    const clock = receiptClock(manual);
    let before = 0;
    for (const step of steps) {
      manual.jump(step);
      const now = clock.now();
      assert.ok(now > before);
      before = now;
    }
  }));
});
