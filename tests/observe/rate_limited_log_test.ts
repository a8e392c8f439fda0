import assert from "node:assert/strict";
import type { Log, LogFields } from "../../src/capture/log.ts";
import { RateLimitedLog } from "../../src/observe/rate_limited_log.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

function collect(): { lines: [string, LogFields][]; log: Log } {
  const lines: [string, LogFields][] = [];
  const add = (message: string, fields: LogFields = {}) => {
    lines.push([message, fields]);
  };
  return { lines, log: { debug: add, info: add, warn: add, error: add } };
}

Deno.test("RateLimitedLog writes the first line of each reason at once", () => {
  const { lines, log } = collect();
  using limited = new RateLimitedLog(log, { clock: new ManualClock() });
  limited.warn("too_large", "dropped", { n: 1 });
  limited.warn("too_large", "dropped", { n: 2 });
  limited.warn("json", "dropped", { n: 3 });
  assert.deepEqual(lines, [["dropped", { n: 1 }], ["dropped", { n: 3 }]]);
});

Deno.test("RateLimitedLog says after the interval how many lines were not written", async () => {
  const { lines, log } = collect();
  const clock = new ManualClock();
  using limited = new RateLimitedLog(log, { clock, intervalMs: 1000 });
  for (let n = 1; n <= 5; n++) limited.warn("json", "dropped", { n });
  await clock.advance(999);
  assert.equal(lines.length, 1);
  await clock.advance(1);
  assert.deepEqual(lines.at(-1), ["dropped", { n: 5, suppressed: 3 }]);
  limited.warn("json", "dropped", { n: 6 });
  assert.equal(lines.length, 2, "the next interval has begun");
  await clock.advance(1000);
  assert.deepEqual(lines.at(-1), ["dropped", { n: 6 }]);
});

Deno.test("RateLimitedLog adds up what a line says is to be summed, since the last one that was written", async () => {
  const { lines, log } = collect();
  const clock = new ManualClock();
  using limited = new RateLimitedLog(log, { clock, intervalMs: 1000 });
  const say = (n: number, at: number) => limited.warn("a", "m", { n, at }, { summed: ["n"] });
  [1, 10, 100, 1000].forEach(say);
  await clock.advance(1000);
  say(5, 9);
  await clock.advance(1000);
  assert.deepEqual(lines, [
    ["m", { n: 1, at: 0 }],
    ["m", { n: 1110, at: 3, suppressed: 2 }],
    ["m", { n: 5, at: 9 }],
  ]);
});

Deno.test("RateLimitedLog gives a reason an interval of its own", async () => {
  const { lines, log } = collect();
  const clock = new ManualClock();
  using limited = new RateLimitedLog(log, { clock, intervalMs: 1000 });
  for (let n = 0; n < 4; n++) {
    limited.warn("a", "m", { n }, { intervalMs: 2500 });
    await clock.advance(1000);
  }
  assert.deepEqual(lines, [["m", { n: 0 }], ["m", { n: 2, suppressed: 1 }]]);
});

Deno.test("RateLimitedLog forgets a reason that has been quiet, and leaves no timer", async () => {
  const { lines, log } = collect();
  const clock = new ManualClock();
  using limited = new RateLimitedLog(log, { clock, intervalMs: 1000 });
  limited.error("io", "failed");
  await clock.advance(1000);
  assert.equal(clock.armed, 0);
  limited.error("io", "failed");
  assert.equal(lines.length, 2);
});

Deno.test("RateLimitedLog writes what it has counted when it is disposed of", () => {
  const { lines, log } = collect();
  const clock = new ManualClock();
  const limited = new RateLimitedLog(log, { clock });
  limited.info("a", "m", { n: 1 });
  limited.info("a", "m", { n: 2 });
  limited.info("a", "m", { n: 3 });
  limited[Symbol.dispose]();
  assert.deepEqual(lines.at(-1), ["m", { n: 3, suppressed: 1 }]);
  assert.equal(clock.armed, 0);
});

Deno.test("RateLimitedLog stays bounded when reasons are of no closed set", () => {
  const { lines, log } = collect();
  const clock = new ManualClock();
  using limited = new RateLimitedLog(log, { clock });
  for (let n = 0; n < 2000; n++) limited.warn(`reason ${n}`, "m");
  assert.equal(lines.length, 501);
  assert.equal(clock.armed, 501);
});
