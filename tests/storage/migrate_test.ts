import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../src/capture/network.ts";
import { migrate, type MigrationSet } from "../../src/storage/migrate.ts";
import { ensureViews, splitStatements } from "../../src/storage/schema.ts";

const set: MigrationSet = {
  name: "s",
  files: [
    ["0001_t.sql", "CREATE TABLE IF NOT EXISTS t (a, b);"],
    ["0002_t_b.sql", "ALTER TABLE t ADD COLUMN b;"],
    ["0003_t_c.sql", "ALTER TABLE t ADD COLUMN c;"],
  ],
};

Deno.test("migrate() applies each file once and takes a column that is there as done", () => {
  const db = new DatabaseSync(":memory:");
  assert.deepEqual(migrate(db, [set], 5), ["s/0001_t.sql", "s/0002_t_b.sql", "s/0003_t_c.sql"]);
  assert.deepEqual(migrate(db, [set], 6), []);
  const columns = db.prepare("SELECT name FROM pragma_table_info('t')").all();
  assert.deepEqual(columns.map((row) => row["name"]), ["a", "b", "c"]);
  assert.equal(
    db.prepare("SELECT count(*) AS n FROM capture_migrations WHERE applied_at = 5").get()?.["n"],
    3,
  );
  db.close();
});

Deno.test("migrate() refuses a file that a later version has written", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db, [set], 5);
  db.exec("INSERT INTO capture_migrations VALUES ('s/0004_x.sql', 1)");
  assert.throws(
    () => migrate(db, [set], 6),
    (error) => error instanceof StorageError && error.reason === "newer_schema",
  );
  db.close();
});

Deno.test("migrate() names the migration that failed", () => {
  const db = new DatabaseSync(":memory:");
  const bad: MigrationSet = { name: "bad", files: [["0001_x.sql", "CREATE NONSENSE"]] };
  assert.throws(() => migrate(db, [bad], 5), /migration bad\/0001_x.sql: /);
  db.close();
});

Deno.test("splitStatements() drops comments and keeps statements of several lines", () => {
  assert.deepEqual(splitStatements("-- hello;\nSELECT 1;\nSELECT\n  ';x';\n\n"), [
    "SELECT 1",
    "SELECT\n  ';x'",
  ]);
});

Deno.test("ensureViews() replaces a view that reads otherwise and leaves an equal one", () => {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE VIEW v AS SELECT 1 AS a");
  ensureViews(db, ["CREATE VIEW v AS SELECT 2 AS a"]);
  ensureViews(db, ["CREATE VIEW v AS SELECT 2 AS a"]);
  assert.equal(db.prepare("SELECT a FROM v").get()?.["a"], 2);
  db.close();
});
