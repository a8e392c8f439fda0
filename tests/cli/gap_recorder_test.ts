import assert from "node:assert/strict";
import { type Log, silentLog } from "../../src/capture/log.ts";
import { GapRecorder } from "../../src/cli/gap_recorder.ts";
import { FakeStore } from "../helpers/fake_network.ts";

const gap = (n: number) => ({ source: "s", from: n, to: n + 1, reason: "qos0" as const });

Deno.test("GapRecorder writes all that waits in one transaction, with what is pending after it", async () => {
  const store = new FakeStore();
  const recorder = new GapRecorder(store, silentLog);
  store.failure = new Error("locked");
  recorder.add([gap(1), gap(2)], [{ from: 8, to: 9 }]);
  recorder.add([gap(3)], []);
  await recorder.flush();
  assert.deepEqual(store.gaps, []);
  store.failure = undefined;
  await recorder.flush();
  assert.deepEqual(store.gaps, [gap(1), gap(2), gap(3)]);
  assert.deepEqual(store.pending, [[]]);
});

Deno.test("GapRecorder writes what comes while it writes, and nothing twice", async () => {
  const store = new FakeStore();
  const recorder = new GapRecorder(store, silentLog);
  recorder.add([gap(1)], []);
  recorder.add([gap(2)], []);
  await recorder.flush();
  await recorder.flush();
  assert.deepEqual(store.gaps, [gap(1), gap(2)]);
});

Deno.test("GapRecorder gives up the oldest gaps, and says so, when too many wait", async () => {
  const store = new FakeStore();
  const errors: unknown[] = [];
  const log: Log = { ...silentLog, error: (_message, fields) => errors.push(fields) };
  const recorder = new GapRecorder(store, log);
  store.failure = new Error("locked");
  recorder.add(Array.from({ length: 1000 }, (_, n) => gap(n)), []);
  recorder.add([gap(1000), gap(1001)], []);
  assert.deepEqual(errors, [gap(0), gap(1)]);
  await recorder.flush();
  store.failure = undefined;
  await recorder.flush();
  assert.deepEqual(store.gaps.map(({ from }) => from).filter((from) => from < 3), [2]);
  assert.equal(store.gaps.length, 1000);
});
