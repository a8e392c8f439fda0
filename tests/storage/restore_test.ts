import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { captureMigrations } from "../../src/storage/capture_migrations.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { openDatabase } from "../../src/storage/open_database.ts";
import { restoreDatabase } from "../../src/storage/restore_database.ts";
import { transaction } from "../../src/storage/transaction.ts";
import { Scratch } from "../helpers/scratch.ts";

/** A database with a table of a network's and one source, heard until second 1000. */
function make(path: string, rows: number): void {
  using open = openDatabase(path);
  transaction(open.db, () => migrate(open.db, [captureMigrations], 1));
  open.db.exec("CREATE TABLE packets (id INTEGER PRIMARY KEY)");
  for (let i = 0; i < rows; i++) open.db.exec("INSERT INTO packets DEFAULT VALUES");
  open.db.exec(
    "INSERT INTO capture_sources (name, client_id, heard_until) VALUES ('s', 'c', 1000)",
  );
}

function query(path: string, sql: string): Record<string, unknown>[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db.prepare(sql).all().map((row) => ({ ...row }));
  } finally {
    db.close();
  }
}

const names = (scratch: Scratch) =>
  [...Deno.readDirSync(scratch.path)].map((entry) => entry.name).sort();

Deno.test("restoreDatabase() puts the backup in place, keeps both, and records the gap", async () => {
  using scratch = new Scratch();
  const [path, from, keepAs] = ["now.db", "then.db", "kept.db"].map((name) => scratch.file(name));
  make(from!, 2);
  make(path!, 5);
  const options = { nowMs: 2_500_000, keepAs: keepAs!, table: "packets" };
  const result = await restoreDatabase(from!, path!, options);
  assert.deepEqual(result.kept, [keepAs]);
  assert.deepEqual(query(path!, "SELECT count(*) AS n FROM packets"), [{ n: 2 }]);
  assert.deepEqual(query(keepAs!, "SELECT count(*) AS n FROM packets"), [{ n: 5 }]);
  assert.deepEqual(query(from!, "SELECT count(*) AS n FROM packets"), [{ n: 2 }]);
  assert.deepEqual(
    query(path!, "SELECT source, from_time, to_time, reason FROM capture_gaps"),
    [{ source: "s", from_time: 1000, to_time: 2500, reason: "restored" }],
  );
  assert.deepEqual(query(path!, "SELECT heard_until FROM capture_sources"), [
    { heard_until: 2500 },
  ]);
  assert.deepEqual(query(from!, "SELECT count(*) AS n FROM capture_gaps"), [{ n: 0 }]);
  assert.deepEqual(names(scratch).filter((name) => name.includes("restoring")), []);
});

Deno.test("restoreDatabase() makes a database where there is none", async () => {
  using scratch = new Scratch();
  make(scratch.file("then.db"), 3);
  const result = await restoreDatabase(scratch.file("then.db"), scratch.file("new.db"), {
    nowMs: 0,
    keepAs: scratch.file("kept.db"),
    table: "packets",
  });
  assert.deepEqual(result.kept, []);
  assert.deepEqual(query(scratch.file("new.db"), "SELECT count(*) AS n FROM packets"), [{ n: 3 }]);
});

Deno.test("restoreDatabase() replaces what is no database any more, and keeps that, too", async () => {
  using scratch = new Scratch();
  make(scratch.file("then.db"), 3);
  Deno.writeTextFileSync(scratch.file("now.db"), "rubbish ".repeat(1000));
  await restoreDatabase(scratch.file("then.db"), scratch.file("now.db"), {
    nowMs: 0,
    keepAs: scratch.file("kept.db"),
    table: "packets",
  });
  assert.deepEqual(query(scratch.file("now.db"), "SELECT count(*) AS n FROM packets"), [{ n: 3 }]);
  assert.match(Deno.readTextFileSync(scratch.file("kept.db")), /^rubbish/);
});

Deno.test("restoreDatabase() keeps the log of a database that is gone out of the backup", async () => {
  using scratch = new Scratch();
  const [path, from, keepAs] = ["now.db", "then.db", "kept.db"].map((name) => scratch.file(name));
  make(from!, 2);
  {
    // Killed, and then its database removed by hand.
    using open = openDatabase(scratch.file("other.db"));
    open.db.exec("PRAGMA wal_autocheckpoint = 0; CREATE TABLE packets (id INTEGER PRIMARY KEY)");
    for (let i = 0; i < 500; i++) open.db.exec("INSERT INTO packets DEFAULT VALUES");
    Deno.copyFileSync(scratch.file("other.db-wal"), `${path}-wal`);
  }
  const options = { nowMs: 0, keepAs: keepAs!, table: "packets" };
  const result = await restoreDatabase(from!, path!, options);
  assert.deepEqual(result.kept, [`${keepAs}-wal`]);
  assert.deepEqual(query(path!, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
  assert.deepEqual(query(path!, "SELECT count(*) AS n FROM packets"), [{ n: 2 }]);
  assert.ok(Deno.statSync(`${keepAs}-wal`).size > 0);
});

Deno.test("restoreDatabase() refuses a damaged backup, another network's, and a database in use", async () => {
  using scratch = new Scratch();
  const [path, from] = [scratch.file("now.db"), scratch.file("then.db")];
  make(from, 2);
  make(path, 5);
  const before = names(scratch);
  const options = { nowMs: 0, keepAs: scratch.file("kept.db"), table: "packets" };
  await assert.rejects(
    restoreDatabase(from, path, { ...options, table: "observations" }),
    /has no table observations: it is no database of this network/,
  );
  {
    using _open = openDatabase(path);
    await assert.rejects(restoreDatabase(from, path, options), /in use by another meshcapture/);
  }
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec("SELECT * FROM packets");
  await assert.rejects(restoreDatabase(from, path, options), /is open in another program/);
  reader.close();
  Deno.truncateSync(from, 9_000);
  await assert.rejects(restoreDatabase(from, path, options));
  assert.deepEqual(query(path, "SELECT count(*) AS n FROM packets"), [{ n: 5 }]);
  assert.deepEqual(names(scratch).filter((name) => !/-(wal|shm)$/.test(name)), before);
});
