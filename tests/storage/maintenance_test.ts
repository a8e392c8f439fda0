import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { freePages, maintenanceJob } from "../../src/storage/maintenance.ts";
import { Scratch } from "../helpers/scratch.ts";

Deno.test("maintenanceJob() renews old statistics one index a step, and gives free pages back", () => {
  using scratch = new Scratch();
  const db = new DatabaseSync(scratch.file("a.db"));
  db.exec("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
  db.exec(`CREATE TABLE "odd ""name" (a, b, c);
    CREATE INDEX i1 ON "odd ""name" (a);
    CREATE INDEX i2 ON "odd ""name" (b) WHERE b > 3;
    CREATE INDEX i3 ON "odd ""name" (c, a);
    CREATE TABLE keyed (k TEXT PRIMARY KEY, v)`);
  const rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)";
  db.exec(`${rows} INSERT INTO "odd ""name" SELECT i, i % 7, randomblob(500) FROM n`);
  db.exec(`${rows} INSERT INTO keyed SELECT 'k' || i, i FROM n`);
  // SQLite looks after tables that were used.
  db.prepare(`SELECT * FROM "odd ""name" WHERE a = 5 AND b > 3 AND c = 1`).all();
  db.prepare("SELECT * FROM keyed WHERE k = 'k1'").all();
  db.exec(`DELETE FROM "odd ""name" WHERE a > 1000`);
  assert.ok(freePages(db) > 100);

  const job = maintenanceJob(db, 1000);
  const statistics = () => Number(db.prepare("SELECT count(*) AS n FROM sqlite_stat1").get()!["n"]);
  const known: number[] = [];
  while (job.step(40, 0) === "more") {
    try {
      known.push(statistics());
    } catch {
      // The table comes with the first.
      known.push(0);
    }
  }
  const growth = known.map((n, index) => n - (known[index - 1] ?? 0));
  assert.ok(growth.every((n) => n <= 1), `${known}`);
  assert.deepEqual(
    db.prepare("SELECT idx FROM sqlite_stat1 ORDER BY idx").all().map((row) => row["idx"]),
    ["i1", "i2", "i3", "sqlite_autoindex_keyed_1"],
  );
  assert.equal(freePages(db), 0);
  db.close();
});
