import assert from "node:assert/strict";
import { StorageError } from "../../src/capture/network.ts";
import { RecordList } from "../../src/capture/record_list.ts";
import { ThreadStore, type ThreadStoreOptions } from "../../src/storage/thread_store.ts";
import { message } from "../helpers/deliveries.ts";
import { emptyContext } from "../helpers/meshtastic_records.ts";
import { NumberBatch } from "../helpers/number_batch.ts";
import { Scratch } from "../helpers/scratch.ts";
import { symbolicLink } from "../helpers/symbolic_link.ts";

interface Seen {
  readonly inside: boolean;
  readonly outside: string;
  readonly net: string;
  readonly attach: string;
  readonly other: string;
}

function open(path: string, more: Partial<ThreadStoreOptions<number, Seen>> = {}) {
  return ThreadStore.open<number, Seen>({
    path,
    workerUrl: new URL("./probe_worker.ts", import.meta.url),
    openOptions: { outside: new URL("../../deno.json", import.meta.url).pathname },
    newBatch: (capacity) => new NumberBatch(capacity),
    ...more,
  });
}

Deno.test("ThreadStore gives its thread the directory of the database and nothing else", async () => {
  using scratch = new Scratch();
  await using store = await open(scratch.file("a.db"));
  assert.equal(store.info.inside, true);
  assert.match(store.info.outside, /NotCapable/);
  assert.match(store.info.net, /NotCapable/);
  assert.match(store.info.other, /NotCapable/);
  assert.match(store.info.attach, /attached/);
});

Deno.test("ThreadStore follows a link to the directory where the database is", async () => {
  using scratch = new Scratch();
  Deno.mkdirSync(scratch.file("real"));
  Deno.writeFileSync(scratch.file("real/a.db"), new Uint8Array());
  await symbolicLink(scratch.file("real/a.db"), scratch.file("link.db"));
  await using store = await open(scratch.file("link.db"));
  assert.equal(store.info.inside, true);
});

Deno.test("ThreadStore rejects every call when its thread dies, and says so", async () => {
  using scratch = new Scratch();
  const told = Promise.withResolvers<StorageError>();
  await using store = await open(scratch.file("a.db"), { onThreadFailure: told.resolve });
  const calls = [store.commit([13], emptyContext), store.stats(), store.stats()];
  const [, ...waiting] = await Promise.allSettled(calls);
  for (const result of waiting) {
    assert.equal(result.status, "rejected");
    assert.ok(result.reason instanceof StorageError);
    assert.match(result.reason.message, /storage thread died: .*boom/);
  }
  assert.equal((await told.promise).reason, "unexpected");
  await assert.rejects(store.stats(), StorageError);
});

Deno.test("ThreadStore commits between slices of background work", async () => {
  using scratch = new Scratch();
  await using store = await open(scratch.file("a.db"));
  await store.tick(0);
  const start = performance.now();
  for (let i = 0; i < 10; i++) {
    const summary = await store.commit([1], emptyContext);
    assert.deepEqual(summary.counts, { rows: 1 });
  }
  // A slice is 40 ms; the rest is for a machine that has other things to do.
  assert.ok(performance.now() - start < 5000);
  assert.deepEqual((await store.stats()).pendingJobs, ["endless"]);
});

Deno.test("ThreadStore.commit() takes a batch again, and leaves out what is in quarantine", async () => {
  using scratch = new Scratch();
  await using store = await open(scratch.file("a.db"));
  const batch = new NumberBatch(3);
  for (const one of [1, 2, 3]) batch.add(one);
  assert.deepEqual((await store.commit(batch, emptyContext)).counts, { rows: 3 });
  const quarantine = [{ message: message({}), error: "no", record: 1 }];
  const again = await store.commit(batch, { ...emptyContext, quarantine });
  assert.deepEqual(again.counts, { rows: 2 });
  await assert.rejects(store.commit(new RecordList<number>(), emptyContext), TypeError);
});

Deno.test("ThreadStore.newBatch() uses again what was given back, once, for the same room", async () => {
  using scratch = new Scratch();
  await using store = await open(scratch.file("a.db"));
  const [first, second] = [store.newBatch(10), store.newBatch(10)];
  assert.notEqual(first, second);
  first.add(7);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  const larger = store.newBatch(20);
  assert.notEqual(larger, first);
  const again = store.newBatch(10);
  assert.equal(again, first);
  assert.equal(again.size, 0);
  assert.notEqual(store.newBatch(10), first);
});

Deno.test("ThreadStore finishes what was asked before close(), and refuses what comes after", async () => {
  using scratch = new Scratch();
  const store = await open(scratch.file("a.db"));
  const commits = [store.commit([1, 2], emptyContext), store.commit([1, 2, 3, 4, 5], emptyContext)];
  const closed = store.close(100);
  const summaries = await Promise.all(commits);
  assert.deepEqual(summaries.map(({ counts }) => counts), [{ rows: 2 }, { rows: 5 }]);
  await closed;
  await store.close(100);
  await assert.rejects(
    store.commit([3], emptyContext),
    (error) => error instanceof StorageError && error.reason === "closed",
  );
  assert.equal(
    Array.from(Deno.readDirSync(scratch.path)).some((f) => f.name === "a.db-wal"),
    false,
  );
});
