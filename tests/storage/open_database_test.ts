import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError, type StorageReason } from "../../src/capture/network.ts";
import { openDatabase } from "../../src/storage/open_database.ts";
import { describeOwnership } from "../../src/storage/ownership.ts";
import { Scratch } from "../helpers/scratch.ts";

function refused(path: string, reason: StorageReason, words: RegExp) {
  assert.throws(() => openDatabase(path, { busyTimeoutMs: 20 }), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.reason, reason);
    assert.match(error.message, words);
    return true;
  });
}

Deno.test("openDatabase() sets its pragmas, auto_vacuum and the size of pages on a new file alone", () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const value = (db: DatabaseSync, name: string) => db.prepare(`PRAGMA ${name}`).get()?.[name];
  {
    using open = openDatabase(path, { synchronous: "NORMAL", cacheKib: 100 });
    assert.equal(open.isNew, true);
    assert.equal(value(open.db, "journal_mode"), "wal");
    assert.equal(value(open.db, "synchronous"), 1);
    assert.equal(value(open.db, "foreign_keys"), 1);
    assert.equal(value(open.db, "temp_store"), 2);
    assert.equal(value(open.db, "wal_autocheckpoint"), 16_000);
    assert.equal(value(open.db, "journal_size_limit"), 67_108_864);
    assert.equal(value(open.db, "cache_size"), -100);
    assert.equal(value(open.db, "auto_vacuum"), 2);
    assert.equal(value(open.db, "page_size"), 2048);
  }
  const foreign = scratch.file("b.db");
  const other = new DatabaseSync(foreign);
  other.exec("CREATE TABLE t (a)");
  other.close();
  using open = openDatabase(foreign);
  assert.equal(open.isNew, false);
  assert.equal(value(open.db, "synchronous"), 2);
  assert.equal(value(open.db, "auto_vacuum"), 0);
  assert.equal(value(open.db, "page_size"), 4096);
});

Deno.test("openDatabase() refuses what is no database, and says what to do", () => {
  using scratch = new Scratch();
  const text = scratch.file("text.db");
  Deno.writeTextFileSync(text, "this is a letter, not a database. ".repeat(200));
  refused(text, "not_a_database", /not an SQLite database: move it away/);
  assert.match(Deno.readTextFileSync(text), /^this is a letter/);
  Deno.mkdirSync(scratch.file("dir.db"));
  refused(scratch.file("dir.db"), "not_a_database", /is a directory/);
});

Deno.test("openDatabase() refuses a corrupt file", () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE t (a)");
  db.close();
  const file = Deno.openSync(path, { read: true, write: true });
  file.seekSync(100, Deno.SeekMode.Start);
  file.writeSync(new Uint8Array(200).fill(0xa5));
  file.close();
  refused(path, "corrupt", /is corrupt.*restore a copy/);
});

// Tests run as root, whom no file mode stops: a directory that is a file stands for one that cannot
// be used. What other users see was tried by hand.
Deno.test("openDatabase() names the owners when a file cannot be opened", () => {
  using scratch = new Scratch();
  Deno.writeTextFileSync(scratch.file("file"), "");
  assert.throws(
    () => openDatabase(`${scratch.file("file")}/a.db`),
    (error) => error instanceof StorageError,
  );
  refused(scratch.file("missing/a.db"), "permission", /directory absent; we run as/);
  const uid = Deno.statSync(scratch.path).uid;
  const text = describeOwnership(scratch.file("a.db"), scratch.path);
  assert.match(text, /^file absent, -wal absent, -shm absent, lock file absent, directory uid \d+/);
  assert.ok(text.endsWith(`we run as uid ${uid}`));
  assert.deepEqual([...Deno.readDirSync(scratch.path)].map((entry) => entry.name), ["file"]);
});

Deno.test("openDatabase() refuses a second writer until the first is closed", () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  const first = openDatabase(path);
  refused(path, "in_use", /another meshcapture/);
  first[Symbol.dispose]();
  openDatabase(path)[Symbol.dispose]();
});

/** A process of its own that runs `body` with `db` and `path`, says "held", and stays. */
async function hold(scratch: Scratch, path: string, body: string) {
  const script = scratch.file(`${crypto.randomUUID()}.ts`);
  const module = new URL("../../src/storage/open_database.ts", import.meta.url).href;
  Deno.writeTextFileSync(
    script,
    `import { DatabaseSync } from "node:sqlite";
     import { openDatabase } from "${module}";
     const path = Deno.args[0]!;
     ${body}
     Deno.stdout.writeSync(new TextEncoder().encode("held"));
     setTimeout(() => console.log(db), 60_000);`,
  );
  const write = `--allow-write=${scratch.path}`;
  const args = ["run", "--quiet", "--no-lock", "--no-check", "--allow-read", write, script, path];
  const child = new Deno.Command("deno", { args, stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

Deno.test("openDatabase() reports a lock of another program as retryable", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  openDatabase(path)[Symbol.dispose]();
  {
    await using _holder = await hold(
      scratch,
      path,
      `const db = new DatabaseSync(path); db.exec("BEGIN IMMEDIATE");`,
    );
    assert.throws(
      () => openDatabase(path, { busyTimeoutMs: 20 }),
      (error) => error instanceof StorageError && error.reason === "locked" && error.retryable,
    );
  }
  openDatabase(path)[Symbol.dispose]();
});

Deno.test("openDatabase() finds the lock of a killed process free, and that of a living one held", async () => {
  using scratch = new Scratch();
  const path = scratch.file("a.db");
  {
    await using _holder = await hold(
      scratch,
      path,
      `const { db } = openDatabase(path);
       db.exec("CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)");`,
    );
    refused(path, "in_use", /another meshcapture/);
  }
  using open = openDatabase(path);
  // What it had not committed is not there.
  assert.equal(open.db.prepare("SELECT count(*) AS n FROM t").get()?.["n"], 0);
});
