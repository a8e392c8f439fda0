import assert from "node:assert/strict";
import type { CommitContext, MinuteSample } from "../../src/capture/network.ts";
import { CarryingStore, SampleCarrier } from "../../src/storage/sample_carrier.ts";
import { readSamples } from "../../src/storage/sample_history.ts";
import { Reader } from "../../src/storage/reader.ts";
import { openMeshtasticStore } from "../../src/meshtastic/store.ts";
import { emptyContext, testEnumNames, testRecord } from "../helpers/meshtastic_records.ts";
import { Scratch } from "../helpers/scratch.ts";

const WEEK = 7 * 86_400;

function minute(at: number, rest: Partial<MinuteSample> = {}): MinuteSample {
  return {
    at,
    received: 10,
    stored: 8,
    unreadable: 1,
    dropped: 2,
    decrypted: 5,
    noKey: 1,
    commits: 3,
    commitMsMax: 4,
    queueMax: 6,
    sourcesUp: 1,
    sources: 2,
    databaseBytes: 4096,
    ...rest,
  };
}

Deno.test("minutes are kept, added to where a minute has two halves, and read as stretches", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const store = await openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: 0 });
  await store.commit([testRecord()], {
    ...emptyContext,
    samples: [minute(WEEK), minute(WEEK + 60)],
  });
  await store.commit([], {
    ...emptyContext,
    samples: [minute(WEEK + 60, { commitMsMax: 9, queueMax: 1, databaseBytes: 8192 })],
  });
  using reader = new Reader(path);
  const { columns } = readSamples(reader, WEEK, 60, 3 * WEEK);
  assert.deepEqual(columns.at, [WEEK, WEEK + 60]);
  assert.deepEqual(columns.received, [10, 20]);
  assert.deepEqual(columns.commitMsMax, [4, 9]);
  assert.deepEqual(columns.minutes, [1, 1], "a minute of two halves is one");
  assert.deepEqual(columns.queueMax, [6, 6]);
  assert.deepEqual(columns.databaseBytes, [4096, 8192]);
  const wide = readSamples(reader, 0, 300, 3 * WEEK);
  assert.equal(wide.step, 300);
  assert.deepEqual(wide.columns.at, [WEEK]);
  assert.deepEqual(wide.columns.noKey, [3]);
  assert.deepEqual(wide.columns.minutes, [2]);
  assert.deepEqual(readSamples(reader, WEEK + 61, 60, 3 * WEEK).columns.at, []);
  await store.close(100);
});

Deno.test("a week of minutes is kept, and a clock that was ahead for one of them costs no other", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const store = await openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: 0 });
  const samples = Array.from({ length: 11_000 }, (_, n) => minute(n * 60));
  await store.commit([], { ...emptyContext, samples });
  using reader = new Reader(path);
  const first = () => readSamples(reader, 0, 60, 3 * WEEK).columns.at[0]! / 60;
  const kept = () => 11_000 - first();
  assert.ok(kept() >= 10_080 && kept() <= 10_140, `${kept()}`);
  const before = first();
  await store.commit([], { ...emptyContext, samples: [minute(100 * WEEK)] });
  assert.ok(first() - before <= 60, `${first()}`);
  assert.equal(readSamples(reader, 0, 60, 3 * WEEK).columns.at.at(-1), 10_999 * 60, "not shown");
  const ahead = Array.from({ length: 5000 }, (_, n) => minute(200 * WEEK + n * 60));
  await store.commit([], { ...emptyContext, samples: ahead });
  const after = Array.from({ length: 10_200 }, (_, n) => minute((11_000 + n) * 60));
  await store.commit([], { ...emptyContext, samples: after });
  const minutes = readSamples(reader, 0, 60, 3 * WEEK).columns.at.length;
  assert.ok(minutes >= 10_080 && minutes <= 10_140, `${minutes} beside those that lie ahead`);
  await store.close(100);
});

Deno.test("SampleCarrier sends minutes with the next commit, and again when that fails", async () => {
  const carrier = new SampleCarrier();
  const contexts: CommitContext[] = [];
  let failure: Error | undefined;
  const store = {
    commit: (_batch: readonly unknown[], context: CommitContext) => {
      contexts.push(context);
      if (failure !== undefined) return Promise.reject(failure);
      return Promise.resolve({ counts: {}, durationMs: 1 });
    },
  };
  carrier.add(minute(60));
  failure = new Error("disk full");
  await assert.rejects(carrier.commit(store, [], emptyContext), failure);
  carrier.add(minute(120));
  failure = undefined;
  await carrier.commit(store, [], emptyContext);
  await carrier.commit(store, [], emptyContext);
  assert.deepEqual(contexts.map((one) => one.samples?.map(({ at }) => at)), [
    [60],
    [60, 120],
    undefined,
  ]);
  for (let n = 0; n < 2_000; n++) carrier.add(minute(n * 60));
  assert.equal(carrier.waiting.length, 720);
  assert.equal(carrier.waiting.at(-1)!.at, 1_999 * 60);
});

Deno.test("CarryingStore writes minutes that wait without a batch, and nothing where none do", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const store = new CarryingStore(() =>
    openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: 0 })
  );
  await store.writeSamples();
  store.samples.add(minute(WEEK));
  await store.writeSamples();
  assert.equal(store.samples.waiting.length, 0);
  using reader = new Reader(path);
  assert.deepEqual(readSamples(reader, 0, 60, 3 * WEEK).columns.at, [WEEK]);
  await store.close(100);
});
