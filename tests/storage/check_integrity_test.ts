import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../src/capture/network.ts";
import { checkIntegrity } from "../../src/storage/check_integrity.ts";
import { Scratch } from "../helpers/scratch.ts";

const forever = new AbortController().signal;

/** A database in WAL mode with a table and an index of it. */
function database(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  db.exec(`PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER, b TEXT);
    CREATE INDEX idx_b ON t (b);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO t SELECT i, 'value ' || i FROM n`);
  return db;
}

Deno.test("checkIntegrity() finds nothing in a database that is being written", async () => {
  using scratch = new Scratch();
  const path = scratch.file("x.db");
  const db = database(path);
  // A transaction that is open elsewhere neither waits for the check nor holds it up.
  db.exec("BEGIN IMMEDIATE; INSERT INTO t VALUES (0, 'open')");
  assert.deepEqual(await checkIntegrity(path, forever), []);
  db.exec("COMMIT");
  db.close();
});

Deno.test("checkIntegrity() tells what is damaged", async () => {
  using scratch = new Scratch();
  const path = scratch.file("x.db");
  const db = database(path);
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
  const bytes = Deno.readFileSync(path);
  const at = new TextDecoder("latin1").decode(bytes).lastIndexOf("value 4321");
  bytes.set(new TextEncoder().encode("other"), at);
  Deno.writeFileSync(path, bytes);
  const findings = await checkIntegrity(path, forever);
  assert.ok(findings.length > 0);
  assert.match(findings.join("\n"), /index idx_b/);
});

Deno.test("checkIntegrity() takes a file that is no database for damage", async () => {
  using scratch = new Scratch();
  Deno.writeTextFileSync(scratch.file("x.db"), "this is no database\n".repeat(500));
  const findings = await checkIntegrity(scratch.file("x.db"), forever);
  assert.match(findings.join("\n"), /not a database/);
});

Deno.test("checkIntegrity() ends when it is told to, and says what it could not open", async () => {
  using scratch = new Scratch();
  const ended = new AbortController();
  database(scratch.file("x.db")).close();
  const checking = checkIntegrity(scratch.file("x.db"), ended.signal);
  ended.abort(new Error("shutting down"));
  await assert.rejects(checking, /shutting down/);
  await assert.rejects(checkIntegrity(scratch.file("x.db"), ended.signal), /shutting down/);
  await assert.rejects(checkIntegrity(scratch.file("none.db"), forever), StorageError);
});
