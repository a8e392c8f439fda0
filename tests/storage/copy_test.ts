import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { StorageError } from "../../src/capture/network.ts";
import { backupDatabase, type CopyMethod, copyMethod } from "../../src/storage/backup_database.ts";
import { compactDatabase } from "../../src/storage/compact_database.ts";
import { compareRows } from "../../src/storage/compare_copy.ts";
import { copyRows } from "../../src/storage/copy_rows.ts";
import { openDatabase } from "../../src/storage/open_database.ts";
import { Scratch } from "../helpers/scratch.ts";

const pragma = (db: DatabaseSync, name: string) => db.prepare(`PRAGMA ${name}`).get()?.[name];

/** A database with one of everything that a file of ours, or of an upstream's, may have. */
function makeOdd(path: string): void {
  const db = new DatabaseSync(path);
  db.exec(`
    PRAGMA page_size = 8192;
    PRAGMA user_version = 37;
    PRAGMA application_id = 77;
    PRAGMA journal_mode = WAL;
    CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, v REAL);
    CREATE TABLE plain (a, b TEXT, c INTEGER, twice AS (c * 2));
    CREATE TABLE taken (rowid TEXT, "we ""quote""" BLOB);
    CREATE TABLE keyed (k TEXT, n INTEGER, w, PRIMARY KEY (k, n)) WITHOUT ROWID;
    CREATE TABLE empty (x);
    INSERT INTO counted VALUES (3, 'a', 1.5), (9007199254740993, 'b', 4), (70, NULL, 9e999);
    DELETE FROM counted WHERE id = 9007199254740993;
    INSERT INTO plain (rowid, a, b, c) VALUES (5, 1, 'x', 9223372036854775807), (9, 1.0, 'a' || char(0) || 'b', -1);
    INSERT INTO plain (a, b) VALUES (x'00ff', CAST(x'41ff42' AS TEXT)), ('\u{FFFD}', NULL);
    INSERT INTO taken VALUES ('r', x''), (NULL, zeroblob(3));
    INSERT INTO keyed VALUES ('k', 2, 'w'), ('k', 1, 2.5);
    CREATE INDEX by_c ON plain (c) WHERE c > 0;
    CREATE VIEW both AS SELECT a FROM plain UNION ALL SELECT name FROM counted;
    CREATE TRIGGER no_more AFTER INSERT ON empty BEGIN INSERT INTO keyed VALUES ('t', new.x, 0); END;
    ANALYZE;
  `);
  db.close();
}

/** Every value of every row with its type and bytes. */
function content(db: DatabaseSync): unknown {
  return db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all()
    .map(({ name }) => {
      const table = String(name).replaceAll('"', '""');
      const columns = db.prepare("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0").all(
        name!,
      )
        .map((row) => `"${String(row["name"]).replaceAll('"', '""')}"`);
      const text = columns.map((c) => `typeof(${c}) || hex(CAST(${c} AS BLOB)) || quote(${c})`);
      const rows = db.prepare(`SELECT ${text.join(" || ',' || ")} AS t FROM "${table}"`).all();
      return [name, rows.map((row) => row["t"])];
    });
}

Deno.test("copyRows() copies tables, row ids, indexes, views, triggers, statistics and odd values", () => {
  using scratch = new Scratch();
  makeOdd(scratch.file("odd.db"));
  const source = new DatabaseSync(scratch.file("odd.db"));
  const reports: [number, number][] = [];
  const rows = copyRows(source, scratch.file("copy.db"), (...report) => reports.push(report));
  const copy = new DatabaseSync(scratch.file("copy.db"));
  try {
    assert.deepEqual(content(copy), content(source));
    assert.deepEqual(reports.at(-1), [rows, rows]);
    for (const name of ["page_size", "user_version", "application_id", "encoding"]) {
      assert.equal(pragma(copy, name), pragma(source, name), name);
    }
    assert.equal(pragma(copy, "auto_vacuum"), 2);
    const objects = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name";
    assert.deepEqual(copy.prepare(objects).all(), source.prepare(objects).all());
    const ids = "SELECT rowid AS id FROM plain";
    assert.deepEqual(copy.prepare(ids).all(), source.prepare(ids).all());
    // What AUTOINCREMENT has given away once, it does not give again.
    copy.exec("DELETE FROM counted WHERE id = 70; UPDATE sqlite_sequence SET seq = seq");
    compareRows(source, source);
    copy.exec("INSERT INTO counted (name) VALUES ('next')");
    const next = copy.prepare("SELECT id FROM counted WHERE name = 'next'");
    next.setReadBigInts(true);
    assert.equal(next.get()?.["id"], 9007199254740994n);
  } finally {
    copy.close();
    source.close();
  }
});

Deno.test("copyRows() copies any values exactly", () => {
  const value = fc.oneof(
    fc.constant(null),
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    fc.double({ noNaN: true }),
    fc.string({ unit: "binary" }),
    fc.uint8Array(),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(value, value, value), { maxLength: 20 }), (rows) => {
      using scratch = new Scratch();
      const source = new DatabaseSync(scratch.file("a.db"));
      source.exec("CREATE TABLE t (a, b TEXT, c INTEGER)");
      const insert = source.prepare("INSERT INTO t VALUES (?, ?, ?)");
      for (const row of rows) insert.run(...row);
      copyRows(source, scratch.file("b.db"));
      const copy = new DatabaseSync(scratch.file("b.db"));
      assert.deepEqual(content(copy), content(source));
      compareRows(source, copy);
      copy.close();
      source.close();
    }),
    { numRuns: 40 },
  );
});

Deno.test("compareRows() finds a changed value, type, byte and a missing row", () => {
  using scratch = new Scratch();
  makeOdd(scratch.file("odd.db"));
  const source = new DatabaseSync(scratch.file("odd.db"));
  const changes = [
    "UPDATE counted SET v = 1.25 WHERE id = 3",
    "UPDATE plain SET a = 1 WHERE rowid = 9",
    "UPDATE plain SET b = CAST(x'41fefe42' AS TEXT) WHERE a = x'00ff'",
    "DELETE FROM keyed WHERE n = 2",
    "INSERT INTO keyed VALUES ('z', 1, 1)",
  ];
  for (const change of changes) {
    Deno.copyFileSync(scratch.file("odd.db"), scratch.file("changed.db"));
    const copy = new DatabaseSync(scratch.file("changed.db"));
    compareRows(source, copy);
    copy.exec(change);
    assert.throws(() => compareRows(source, copy), /the copy is not like the original/, change);
    copy.close();
  }
  source.close();
});

for (const method of ["pages", "rows"] as const satisfies CopyMethod[]) {
  Deno.test({
    name:
      `backupDatabase() copies by ${method} what was there at its begin, while a writer goes on`,
    ignore: method === "pages" && copyMethod() !== "pages",
    fn: async () => {
      using scratch = new Scratch();
      using open = openDatabase(scratch.file("live.db"));
      open.db.exec("CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
      const insert = open.db.prepare("INSERT INTO t (b) VALUES (zeroblob(3000))");
      for (let i = 0; i < 600; i++) insert.run();
      let written = 0;
      const result = await backupDatabase(open.path, scratch.file("copy.db"), {
        method,
        // Once the copy is under way, there is more in the original than it must have.
        onProgress: () => {
          insert.run();
          written++;
        },
      });
      assert.ok(written > 0);
      assert.equal(result.method, method);
      assert.equal(result.rows, 600);
      assert.equal(result.bytes, Deno.statSync(scratch.file("copy.db")).size);
      const copy = new DatabaseSync(scratch.file("copy.db"), { readOnly: true });
      assert.equal(copy.prepare("SELECT count(*) AS n FROM t").get()?.["n"], 600);
      assert.equal(pragma(copy, "journal_mode"), "delete");
      copy.close();
      const names = [...Deno.readDirSync(scratch.path)].map((entry) => entry.name);
      assert.deepEqual(names.filter((name) => name.startsWith("copy")), ["copy.db"]);
    },
  });
}

Deno.test("backupDatabase() leaves nothing behind when the original is damaged", async () => {
  using scratch = new Scratch();
  makeOdd(scratch.file("odd.db"));
  const file = Deno.openSync(scratch.file("odd.db"), { read: true, write: true });
  file.seekSync(8192 * 2, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(8192).fill(0x5a));
  file.close();
  await assert.rejects(backupDatabase(scratch.file("odd.db"), scratch.file("c.db")), StorageError);
  const names = [...Deno.readDirSync(scratch.path)].map((entry) => entry.name);
  assert.deepEqual(names.filter((name) => name.startsWith("c.db")), []);
});

Deno.test("compactDatabase() makes a file that gives space back, and keeps the original if told to", () => {
  using scratch = new Scratch();
  const path = scratch.file("old.db");
  makeOdd(path);
  Deno.chmodSync(path, 0o640);
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE big (x); INSERT INTO big VALUES (zeroblob(3000000)); DELETE FROM big");
  const before = content(db);
  db.close();
  const stages: string[] = [];
  const result = compactDatabase(path, {
    keepOriginalAs: `${path}.before`,
    onStage: (stage) => stages.push(stage),
  });
  assert.equal(result.rebuilt, true);
  assert.ok(result.bytesAfter < result.bytesBefore - 2_000_000, JSON.stringify(result));
  assert.deepEqual(stages, ["copying", "comparing"]);
  assert.equal(Deno.statSync(`${path}.before`).size, result.bytesBefore);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o640);
  const rebuilt = new DatabaseSync(path);
  assert.equal(pragma(rebuilt, "auto_vacuum"), 2);
  assert.deepEqual(content(rebuilt), before);
  rebuilt.close();
  assert.equal(compactDatabase(path).rebuilt, false);
  assert.equal(compactDatabase(path, { force: true }).rebuilt, true);
});

Deno.test("compactDatabase() is refused while a writer or a reader has the database open", () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  {
    using open = openDatabase(path);
    open.db.exec("CREATE TABLE t (a)");
    assert.throws(() => compactDatabase(path, { force: true }), /in use by another meshcapture/);
  }
  const reader = new DatabaseSync(path, { readOnly: true });
  reader.exec("SELECT count(*) FROM t");
  const size = Deno.statSync(path).size;
  assert.throws(() => compactDatabase(path, { force: true }), /is open in another program/);
  assert.equal(Deno.statSync(path).size, size);
  reader.close();
});

Deno.test("compactDatabase() refuses a virtual table by name and leaves the file as it was", () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const db = new DatabaseSync(path);
  db.exec("CREATE VIRTUAL TABLE words USING fts5(text)");
  db.close();
  assert.throws(() => compactDatabase(path), /words is a virtual table/);
  const names = [...Deno.readDirSync(scratch.path)].map((entry) => entry.name).sort();
  assert.deepEqual(names, ["a.db", "a.db.lock"]);
});
