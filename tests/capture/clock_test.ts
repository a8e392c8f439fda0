import assert from "node:assert/strict";
import { delay, longTimers, MAX_TIMEOUT_MS, systemClock } from "../../src/capture/clock.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

const YEAR_MS = 365 * 86_400_000;

/** A clock whose timers are as short as the machine's. */
class ShortTimers extends ManualClock {
  override setTimer(callback: () => void, delayMs: number): number {
    return super.setTimer(callback, delayMs > MAX_TIMEOUT_MS ? 1 : delayMs);
  }
}

Deno.test("longTimers() waits for a year, and then calls once", async () => {
  const clock = new ShortTimers();
  const long = longTimers(clock);
  let called = 0;
  long.setTimer(() => called++, YEAR_MS);
  await clock.advance(YEAR_MS - 1);
  assert.equal(called, 0);
  await clock.advance(1);
  assert.equal(called, 1);
  assert.equal(clock.armed, 0);
});

Deno.test("longTimers() leaves nothing of a timer that is cleared, at whatever time", async () => {
  for (const after of [0, 1, MAX_TIMEOUT_MS, YEAR_MS - 1]) {
    const clock = new ShortTimers();
    const long = longTimers(clock);
    let called = 0;
    const timer = long.setTimer(() => called++, YEAR_MS);
    await clock.advance(after);
    long.clearTimer(timer);
    assert.equal(clock.armed, 0, `cleared after ${after} ms`);
    await clock.advance(YEAR_MS);
    assert.equal(called, 0);
  }
});

Deno.test("longTimers() never calls after Infinity", async () => {
  const clock = new ShortTimers();
  let called = 0;
  longTimers(clock).setTimer(() => called++, Infinity);
  await clock.advance(3 * YEAR_MS);
  assert.equal(called, 0);
});

Deno.test("systemClock waits longer than setTimeout() can", async () => {
  const signal = new AbortController();
  let over = false;
  const waiting = delay(systemClock, YEAR_MS, signal.signal).then(() => over = true, () => {});
  await delay(systemClock, 20);
  assert.equal(over, false);
  signal.abort();
  await waiting;
});
