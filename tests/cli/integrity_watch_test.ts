import assert from "node:assert/strict";
import { silentLog } from "../../src/capture/log.ts";
import { INTEGRITY_NOTE, IntegrityWatch } from "../../src/cli/integrity_watch.ts";
import { FakeStore } from "../helpers/fake_network.ts";
import { ManualClock } from "../helpers/manual_clock.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** A watch whose checks find what `found` holds; a string in its place is a failure. */
function setUp({ everyMs = DAY, note }: { everyMs?: number; note?: string } = {}) {
  const clock = new ManualClock();
  const store = new FakeStore();
  if (note !== undefined) store.notes.set(INTEGRITY_NOTE, note);
  const results: boolean[] = [];
  const found: { now: string[] | string; times: number } = { now: [], times: 0 };
  const stop = new AbortController();
  const watch = new IntegrityWatch({
    path: "/x/meshtastic.db",
    everyMs,
    store,
    clock,
    log: silentLog,
    onResult: (intact) => results.push(intact),
    check: () => {
      found.times++;
      return typeof found.now === "string"
        ? Promise.reject(new Error(found.now))
        : Promise.resolve(found.now);
    },
  });
  const running = watch.run(stop.signal);
  const end = async () => {
    stop.abort();
    await running;
    assert.equal(clock.armed, 0);
  };
  return { clock, store, results, found, watch, end };
}

Deno.test("IntegrityWatch checks ten minutes after the start and then once a day", async () => {
  const { clock, found, watch, results, end } = setUp();
  await clock.advance(10 * MINUTE - 1);
  assert.deepEqual([found.times, watch.report().status], [0, "unknown"]);
  await clock.advance(1);
  assert.deepEqual([found.times, watch.report().status], [1, "ok"]);
  await clock.advance(DAY - 1);
  assert.equal(found.times, 1);
  await clock.advance(1);
  assert.equal(found.times, 2);
  assert.deepEqual(results, [true, true]);
  await end();
});

Deno.test("IntegrityWatch says since when a database is known to be damaged", async () => {
  const { clock, found, watch, store, end } = setUp();
  found.now = ["row 1 missing from index idx", "row 2 missing from index idx"];
  await clock.advance(10 * MINUTE);
  const since = new Date(clock.now()).toISOString();
  await clock.advance(DAY);
  const report = watch.report();
  assert.deepEqual([report.status, report.bad_since], ["bad", since]);
  assert.equal(report.checked_at, new Date(clock.now()).toISOString());
  assert.deepEqual(report.findings, found.now);
  assert.equal(JSON.parse(store.notes.get(INTEGRITY_NOTE)!).findings.length, 2);
  found.now = [];
  await clock.advance(DAY);
  assert.deepEqual([watch.report().status, watch.report().bad_since], ["ok", undefined]);
  await end();
});

Deno.test("IntegrityWatch goes on after a restart where it was: one check a day", async () => {
  const before = new ManualClock().now();
  const note = JSON.stringify({
    checkedAt: before - DAY / 2,
    badSince: before - DAY,
    findings: ["x"],
  });
  const { clock, found, watch, results, end } = setUp({ note });
  await clock.advance(0);
  assert.deepEqual([watch.report().status, results], ["bad", [false]]);
  assert.equal(watch.report().bad_since, new Date(before - DAY).toISOString());
  await clock.advance(DAY / 2 - 1);
  assert.equal(found.times, 0);
  await clock.advance(1);
  assert.equal(found.times, 1);
  await end();
});

Deno.test("IntegrityWatch tries again in an hour what could not be checked", async () => {
  const { clock, found, watch, end } = setUp();
  found.now = "locked";
  await clock.advance(10 * MINUTE);
  assert.deepEqual([found.times, watch.report().status], [1, "unknown"]);
  found.now = [];
  await clock.advance(60 * MINUTE);
  assert.deepEqual([found.times, watch.report().status], [2, "ok"]);
  await end();
});

Deno.test("IntegrityWatch never checks when it is told so, and reads no note that is none", async () => {
  const { clock, found, watch, end } = setUp({ everyMs: 0, note: '{"checkedAt":"yesterday"}' });
  await clock.advance(3 * DAY);
  assert.deepEqual([found.times, watch.report().status], [0, "unknown"]);
  await end();
});

Deno.test("IntegrityWatch shows a result that could not be kept", async () => {
  const { clock, store, watch, end } = setUp();
  store.failure = new Error("disk full");
  await clock.advance(10 * MINUTE);
  assert.equal(watch.report().status, "ok");
  await end();
});
