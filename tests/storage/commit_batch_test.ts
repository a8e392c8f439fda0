import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../src/capture/network.ts";
import { captureMigrations } from "../../src/storage/capture_migrations.ts";
import { CaptureTables } from "../../src/storage/capture_tables.ts";
import { type BatchWriter, commitBatch } from "../../src/storage/commit_batch.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { openDatabase } from "../../src/storage/open_database.ts";
import { message } from "../helpers/deliveries.ts";
import { emptyContext } from "../helpers/meshtastic_records.ts";
import { Scratch } from "../helpers/scratch.ts";

function setUp(path: string) {
  const database = openDatabase(path, { busyTimeoutMs: 20 });
  const { db } = database;
  migrate(db, [captureMigrations], 0);
  db.exec("CREATE TABLE t (a TEXT UNIQUE CHECK (length(a) < 3000000))");
  let staged = 0, kept = 0;
  const insert = db.prepare("INSERT INTO t VALUES (?)");
  const writer: BatchWriter<readonly string[]> = {
    size: (batch) => batch.length,
    write(batch, i) {
      insert.run(batch[i]!);
      staged++;
    },
    flush() {},
    counts: () => ({ rows: staged }),
    committed() {
      kept += staged;
      staged = 0;
    },
    rolledBack() {
      staged = 0;
    },
  };
  const tables = new CaptureTables(db);
  const commit = (batch: readonly string[], context = emptyContext) =>
    commitBatch(db, writer, tables, batch, context);
  const count = () => db.prepare("SELECT count(*) AS n FROM t").get()!["n"];
  return { database, db, commit, count, kept: () => kept };
}

Deno.test("commitBatch() keeps nothing of a batch for which the disk is too small, and takes it later", () => {
  using scratch = new Scratch();
  const { database, db, commit, count, kept } = setUp(scratch.file("a.db"));
  using _database = database;
  commit(["a"]);
  const pages = Number(db.prepare("PRAGMA page_count").get()!["page_count"]);
  db.prepare(`PRAGMA max_page_count = ${pages + 20}`).get();
  const batch = Array.from({ length: 100 }, (_, i) => `${i}`.padStart(4000, "x"));
  assert.throws(
    () => commit(batch),
    (error) => error instanceof StorageError && error.reason === "disk_full" && error.retryable,
  );
  assert.equal(count(), 1);
  assert.equal(kept(), 1);
  db.prepare("PRAGMA max_page_count = 1000000").get();
  assert.deepEqual(commit(batch).counts, { rows: 100 });
  assert.equal(count(), 101);
});

Deno.test("commitBatch() names each record that is refused for itself", () => {
  using scratch = new Scratch();
  const { database, commit, count } = setUp(scratch.file("a.db"));
  using _database = database;
  commit(["a", "b"]);
  const batch = ["c", "a", "d", "x".repeat(3_000_000), "b"];
  assert.throws(() => commit(batch), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.reason, "refused");
    assert.deepEqual(error.refused.map((r) => r.index), [1, 3, 4]);
    assert.match(error.refused[0]!.error, /UNIQUE/);
    assert.match(error.refused[1]!.error, /CHECK/);
    return true;
  });
  assert.equal(count(), 2);
});

Deno.test("commitBatch() names a record that an earlier one of its batch stands against", () => {
  using scratch = new Scratch();
  const { database, commit, count } = setUp(scratch.file("a.db"));
  using _database = database;
  assert.throws(() => commit(["c", "d", "c"]), (error) => {
    assert.ok(error instanceof StorageError);
    assert.deepEqual(error.refused.map((r) => r.index), [2]);
    return true;
  });
  assert.equal(count(), 0);
});

Deno.test("commitBatch() leaves out what is in quarantine, and does not name it again", () => {
  using scratch = new Scratch();
  const { database, db, commit, count } = setUp(scratch.file("a.db"));
  using _database = database;
  commit(["a", "b"]);
  const inQuarantine = (...records: (number | undefined)[]) => ({
    ...emptyContext,
    quarantine: records.map((record) => ({
      message: message({}),
      error: "no",
      ...(record === undefined ? {} : { record }),
    })),
  });
  const batch = ["a", "c", "b", "d"];
  assert.throws(() => commit(batch, inQuarantine(undefined, 0)), (error) => {
    assert.ok(error instanceof StorageError);
    assert.deepEqual(error.refused.map((r) => r.index), [2]);
    return true;
  });
  assert.equal(count(), 2);
  assert.deepEqual(commit(batch, inQuarantine(undefined, 0, 2)).counts, { rows: 2 });
  const kept = db.prepare("SELECT a FROM t ORDER BY a").all().map(({ a }) => a);
  assert.deepEqual(kept, ["a", "b", "c", "d"]);
  assert.equal(db.prepare("SELECT count(*) AS n FROM capture_quarantine").get()!["n"], 3);
});

Deno.test("commitBatch() blames no record when its context is refused", () => {
  using scratch = new Scratch();
  const { database, commit, count } = setUp(scratch.file("a.db"));
  using _database = database;
  const topic = null as unknown as string;
  assert.throws(
    () => commit(["c"], { ...emptyContext, retained: [["s", topic, 1n]] }),
    (error) => error instanceof StorageError && error.reason === "unexpected" && !error.retryable,
  );
  assert.equal(count(), 0);
});

Deno.test("commitBatch() does not take a missing table for a refused record", () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const { database, commit } = setUp(path);
  using _database = database;
  const other = new DatabaseSync(path);
  other.exec("DROP TABLE t");
  other.close();
  assert.throws(
    () => commit(["a"]),
    (error) => error instanceof StorageError && error.reason === "unexpected",
  );
});
