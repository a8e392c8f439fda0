import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { BoundedRows } from "../../src/storage/bounded_rows.ts";

function table(rows: number): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  db.exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, n);
    WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${rows})
    INSERT INTO t (n) SELECT i FROM s`);
  return db;
}

const range = (db: DatabaseSync) =>
  Object.values(db.prepare("SELECT count(*), min(n), max(n) FROM t").get()!);

Deno.test("BoundedRows keeps the newest rows, and few more", () => {
  const db = table(1);
  db.exec("DELETE FROM t");
  const bounded = new BoundedRows(db, "t", 1000);
  const insert = db.prepare("INSERT INTO t (n) VALUES (?)");
  for (let n = 1; n <= 5000; n++) {
    insert.run(n);
    bounded.wrote();
  }
  const [count, first, last] = range(db).map(Number);
  assert.equal(last, 5000);
  assert.equal(count, last! - first! + 1, "without holes");
  assert.ok(count! >= 1000 && count! < 1500, String(count));
  db.close();
});

Deno.test("BoundedRows keeps what a person has left, however far apart the ids are", () => {
  const db = table(1000);
  db.exec("DELETE FROM t WHERE n > 10; INSERT INTO t (id, n) VALUES (9000, 9000)");
  new BoundedRows(db, "t", 11).wrote();
  assert.deepEqual(range(db), [11, 1, 9000]);
  new BoundedRows(db, "t", 10).wrote();
  assert.deepEqual(range(db), [10, 2, 9000]);
  db.close();
});

Deno.test("BoundedRows comes down bit by bit to a bound that there was not before", () => {
  const db = table(10_000);
  const bounded = new BoundedRows(db, "t", 100);
  bounded.wrote();
  assert.deepEqual(range(db), [9000, 1001, 10_000]);
  for (let n = 0; n < 5000; n++) bounded.wrote();
  assert.deepEqual(range(db), [100, 9901, 10_000]);
  db.close();
});
