import assert from "node:assert/strict";
import { captureMigrations } from "../../src/storage/capture_migrations.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { openDatabase } from "../../src/storage/open_database.ts";
import { StorageBackend } from "../../src/storage/storage_backend.ts";
import { Reader } from "../../src/storage/reader.ts";
import { emptyContext } from "../helpers/meshtastic_records.ts";
import { Scratch } from "../helpers/scratch.ts";

/** A backend that writes a row a batch, over files that `identify` tells apart. */
function backendOf(path: string, identify: (path: string) => string | undefined) {
  const database = openDatabase(path);
  migrate(database.db, [captureMigrations], 0);
  database.db.exec("CREATE TABLE t (a INTEGER)");
  const parts = {
    database,
    identify,
    jobs: [],
    maintenanceEveryMs: 0,
    writer: {
      size: () => 1,
      write: (batch: number) => void database.db.prepare("INSERT INTO t VALUES (?)").run(batch),
      flush() {},
      counts: () => ({}),
      committed() {},
      rolledBack() {},
    },
  };
  return new StorageBackend<number>(parts, (_job, error) => assert.fail(String(error)));
}

function numbers(path: string): unknown[] {
  using reader = new Reader(path);
  return reader.query("SELECT a FROM t ORDER BY rowid").map((row) => row["a"]);
}

Deno.test("StorageBackend stores once on a file system that numbers its files anew", () => {
  using scratch = new Scratch();
  const path = scratch.file("x.db");
  let file = 0;
  const backend = backendOf(path, () => String(++file));
  for (const one of [1, 2, 3]) backend.commit(one, emptyContext);
  backend.stats();
  assert.equal(file, 2, "it is not asked again");
  backend.close(0);
  assert.deepEqual(numbers(path), [1, 2, 3]);
});

Deno.test("StorageBackend decides nothing about its file while somebody reads in the log", () => {
  using scratch = new Scratch();
  const path = scratch.file("x.db");
  let file = "a";
  const backend = backendOf(path, () => file);
  backend.commit(1, emptyContext);
  using reader = new Reader(path);
  const rows = reader.iterate("SELECT * FROM t");
  rows.next();
  file = "b";
  backend.commit(2, emptyContext);
  rows.return(undefined);
  backend.commit(3, emptyContext);
  backend.close(0);
  assert.deepEqual(numbers(path), [1, 2, 3]);
});
