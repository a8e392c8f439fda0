import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { ensureIndexes } from "../../src/storage/index_jobs.ts";

const STATEMENTS = [
  "CREATE INDEX IF NOT EXISTS idx_a ON big(a)",
  "CREATE UNIQUE INDEX IF NOT EXISTS idx_b ON big(b)",
  "CREATE INDEX IF NOT EXISTS idx_c ON empty(c)",
];

function indexes(db: DatabaseSync): unknown[] {
  return db.prepare("SELECT name FROM sqlite_master WHERE type = 'index' ORDER BY name").all()
    .map((row) => row["name"]);
}

Deno.test("ensureIndexes() builds those of empty tables at once and names the others with their length", () => {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE big (id INTEGER PRIMARY KEY, a, b); CREATE TABLE empty (c)");
  db.exec("INSERT INTO big VALUES (3000000, 1, 2)");
  const job = ensureIndexes(db, STATEMENTS)!;
  assert.deepEqual(indexes(db), ["idx_c"]);
  assert.deepEqual(job.longStep!(), { what: "building index idx_a of big", expectedMs: 6000 });
  assert.equal(job.step(40, 0), "more");
  assert.deepEqual(indexes(db), ["idx_a", "idx_c"]);
  // As fast as the last one.
  const { what, expectedMs } = job.longStep!()!;
  assert.equal(what, "building index idx_b of big");
  assert.ok(expectedMs < 1000, `${expectedMs}`);
  assert.equal(job.step(40, 0), "done");
  assert.equal(job.longStep!(), undefined);
  assert.equal(ensureIndexes(db, STATEMENTS), undefined);
  db.close();
});

Deno.test("ensureIndexes() sorts in files, not in memory, and only while it builds", () => {
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE big (id INTEGER PRIMARY KEY, a, b); CREATE TABLE empty (c)");
  db.exec("INSERT INTO big VALUES (1, 1, 1); INSERT INTO big VALUES (2, 2, 1)");
  db.exec("PRAGMA temp_store = MEMORY");
  const tempStore = () => db.prepare("PRAGMA temp_store").get()!["temp_store"];
  const during: unknown[] = [];
  const watched = Object.create(db, {
    prepare: { value: (sql: string) => db.prepare(sql) },
    exec: {
      value: (sql: string) => {
        if (sql.includes("INDEX")) during.push(sql.split(" ").at(-1), tempStore());
        db.exec(sql);
      },
    },
  }) as DatabaseSync;
  const job = ensureIndexes(watched, STATEMENTS)!;
  job.step(40, 0);
  assert.equal(tempStore(), 2);
  assert.throws(() => job.step(40, 0), /UNIQUE/);
  assert.equal(tempStore(), 2);
  assert.deepEqual(during, ["empty(c)", 2, "big(a)", 1, "big(b)", 1]);
  db.close();
});
