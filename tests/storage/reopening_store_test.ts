import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../src/capture/network.ts";
import { ReopeningStore } from "../../src/storage/reopening_store.ts";
import { ThreadStore } from "../../src/storage/thread_store.ts";
import { FakeStore } from "../helpers/fake_network.ts";
import { emptyContext } from "../helpers/meshtastic_records.ts";
import { NumberBatch } from "../helpers/number_batch.ts";
import { Scratch } from "../helpers/scratch.ts";

const WORKER = new URL("./probe_worker.ts", import.meta.url);

function ofNumbers(path: string, onOpen: () => void) {
  return new ReopeningStore<number>((onThreadFailure) => {
    onOpen();
    return ThreadStore.open<number, unknown>({
      path,
      workerUrl: WORKER,
      openOptions: { outside: new URL("../../deno.json", import.meta.url).pathname },
      newBatch: (capacity) => new NumberBatch(capacity),
      onThreadFailure,
    });
  });
}

Deno.test("ReopeningStore opens the database anew after its thread died, and goes on", async () => {
  using scratch = new Scratch();
  let openings = 0;
  const store = ofNumbers(scratch.file("x.db"), () => openings++);
  assert.throws(() => store.newBatch(1), StorageError);
  await store.commit([1], emptyContext);
  const batch = store.newBatch(2);
  for (const one of [5, 6]) batch.add(one);
  // The thread dies of a 13, after its answer or before it.
  await store.commit([13], emptyContext).catch(() => {});
  for (;;) {
    try {
      await store.commit([2], emptyContext);
      if (openings === 2) break;
    } catch (error) {
      assert.match(String(error), /thread died/);
    }
  }
  assert.equal(openings, 2);
  assert.deepEqual((await store.commit(batch, emptyContext)).counts, { rows: 2 });
  assert.deepEqual(await store.integrityCheck(), []);
  await store.close(0);
});

for (const how of ["renamed", "removed", "replaced"] as const) {
  Deno.test(`ReopeningStore goes on in a file of the name when the database was ${how}`, async () => {
    using scratch = new Scratch();
    const path = scratch.file("x.db");
    let openings = 0;
    const store = ofNumbers(path, () => openings++);
    await store.commit([1], emptyContext);
    const { clientId } = await store.loadSource("s", "mc-1");
    await store.beginSession("s", 7);
    if (how === "removed") {
      for (const suffix of ["", "-wal", "-shm", ".lock"]) Deno.removeSync(path + suffix);
    } else Deno.renameSync(path, scratch.file("moved.db"));
    if (how === "replaced") new DatabaseSync(path).close();
    await assert.rejects(store.commit([2], emptyContext), { reason: "replaced", retryable: true });
    assert.deepEqual((await store.commit([2], emptyContext)).counts, { rows: 1 });
    assert.equal(openings, 2);
    const state = await store.loadSource("s", "mc-2");
    assert.deepEqual([state.clientId, state.session], [clientId, 7]);
    await store.close(0);
    const numbers = (file: string) => {
      const db = new DatabaseSync(file, { readOnly: true });
      try {
        return db.prepare("SELECT a FROM t ORDER BY a").all().map((row) => row["a"]);
      } finally {
        db.close();
      }
    };
    assert.deepEqual(numbers(path), [2]);
    if (how !== "removed") assert.deepEqual(numbers(scratch.file("moved.db")), [1, 2]);
  });
}

Deno.test("ReopeningStore notices without a commit that its database was removed", async () => {
  using scratch = new Scratch();
  const store = ofNumbers(scratch.file("x.db"), () => {});
  await store.stats();
  Deno.removeSync(scratch.file("x.db"));
  await assert.rejects(store.stats(), /was removed, or another file was put in its place/);
  assert.ok((await store.stats()).databaseBytes > 0);
  await store.close(0);
});

Deno.test("ReopeningStore tries an opening that failed again, once for all who wait", async () => {
  let openings = 0;
  const inner = new FakeStore();
  const store = new ReopeningStore<unknown>(() => {
    if (++openings === 1) return Promise.reject(new StorageError("locked", "locked", true));
    return Promise.resolve(inner);
  });
  const [first, second] = await Promise.allSettled([store.ready(), store.stats()]);
  assert.equal(first.status, "rejected");
  assert.equal(second.status, "rejected");
  assert.equal(openings, 1);
  await store.ready();
  await Promise.all([store.tick(5), store.runJobs(6)]);
  assert.equal(openings, 2);
  assert.deepEqual([inner.ticks, inner.jobRuns], [[5], [6]]);
});

Deno.test("ReopeningStore.close() closes what is open and opens nothing any more", async () => {
  const inner = new FakeStore();
  let openings = 0;
  const open = () => {
    openings++;
    return Promise.resolve(inner);
  };
  const used = new ReopeningStore<unknown>(open);
  await used.ready();
  await used.close(10);
  assert.equal(inner.closed, 1);

  const unused = new ReopeningStore<unknown>(open);
  await unused.close(10);
  await assert.rejects(
    unused.commit([], emptyContext),
    (error) => error instanceof StorageError && error.reason === "closed" && !error.retryable,
  );
  assert.equal(openings, 1);
});

Deno.test("ReopeningStore.close() is well after an opening that failed", async () => {
  const store = new ReopeningStore<unknown>(() => Promise.reject(new Error("no")));
  await assert.rejects(store.ready(), /no/);
  await store.close(10);
});
