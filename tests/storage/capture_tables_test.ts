import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MAX_RETAINED_TOPICS } from "../../src/capture/retained.ts";
import { captureMigrations } from "../../src/storage/capture_migrations.ts";
import { CaptureTables } from "../../src/storage/capture_tables.ts";
import { migrate } from "../../src/storage/migrate.ts";

function fresh(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  migrate(db, [captureMigrations], 0);
  return db;
}

function block(entries: number, first: number) {
  const bytes = new Uint8Array(entries * 10);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < entries; i++) view.setUint16(i * 10, (first + i) & 0xffff, true);
  return bytes;
}

Deno.test("the ledger keeps the last 65,535 entries, through restarts, and no more than a commit above", () => {
  const db = fresh();
  let tables = new CaptureTables(db);
  tables.loadSource("s", "c");
  for (let commit = 0; commit < 100; commit++) {
    if (commit === 50) tables = new CaptureTables(db);
    tables.write({
      ledger: [{ source: "s", session: 0, entries: block(1000, commit * 1000) }],
      retained: [],
      heardUntil: [],
      quarantine: [],
    });
    tables.committed();
  }
  const kept = db.prepare("SELECT sum(length(entries)) / 10 AS n FROM capture_ledger").get()!["n"];
  assert.equal(kept, 66_000);
  const { entries } = tables.loadSource("s", "c");
  assert.equal(entries.length, 655_350);
  const view = new DataView(entries.buffer);
  assert.equal(view.getUint16(655_340, true), 99_999 & 0xffff);
  db.close();
});

Deno.test("a rolled back ledger entry is forgotten", () => {
  const db = fresh();
  const tables = new CaptureTables(db);
  tables.loadSource("s", "c");
  const context = (first: number) => ({
    ledger: [{ source: "s", session: 0, entries: block(40_000, first) }],
    retained: [],
    heardUntil: [],
    quarantine: [],
  });
  db.exec("BEGIN");
  tables.write(context(0));
  db.exec("ROLLBACK");
  tables.rolledBack();
  db.exec("BEGIN");
  tables.write(context(0));
  tables.write(context(0));
  db.exec("COMMIT");
  tables.committed();
  assert.equal(db.prepare("SELECT count(*) AS n FROM capture_ledger").get()!["n"], 2);
  assert.equal(tables.loadSource("s", "c").entries.length, 655_350);
  db.close();
});

Deno.test("a source's oldest entries go, another's stay, and a commit writes no index for it", () => {
  const db = fresh();
  const tables = new CaptureTables(db);
  const write = (source: string, entries: Uint8Array<ArrayBuffer>) => {
    tables.write({
      ledger: [{ source, session: 0, entries }],
      retained: [],
      heardUntil: [],
      quarantine: [],
    });
    tables.committed();
  };
  const rows = (source: string) =>
    db.prepare("SELECT count(*) AS n FROM capture_ledger WHERE source = ?").get(source)!["n"];
  const blob = (entries: number) => new Uint8Array(entries * 10);
  write("quiet", blob(1));
  for (let n = 0; n < 10; n++) write("busy", blob(10_000));
  // 65,535 ids lie within the newest seven.
  assert.equal(rows("busy"), 7);
  assert.equal(rows("quiet"), 1);
  const indexes = db.prepare(
    "SELECT count(*) AS n FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'capture_ledger'",
  ).get()!["n"];
  assert.equal(indexes, 0);
  db.close();
});

Deno.test("digests of retained payloads are bounded, oldest out, also in a file that has too many", () => {
  const db = fresh();
  const tables = new CaptureTables(db);
  tables.loadSource("s", "c");
  const kept = (topics: readonly string[], source = "s") =>
    tables.write({
      ledger: [],
      retained: topics.map((topic) => [source, topic, 7n] as const),
      heardUntil: [],
      quarantine: [],
    });
  const topics = (n: number, first = 0) => Array.from({ length: n }, (_, i) => `t${first + i}`);
  const rows = (where: string) =>
    Number(db.prepare(`SELECT count(*) n FROM capture_retained WHERE ${where}`).get()!["n"]);
  kept(["another's"], "other");
  kept(topics(MAX_RETAINED_TOPICS));
  // One of the oldest comes anew, then more than there is room for.
  kept(["t0"]);
  kept(topics(5000, MAX_RETAINED_TOPICS));
  assert.ok(rows("source = 's'") < MAX_RETAINED_TOPICS + 1000);
  assert.equal(rows("topic IN ('t0', 't104999')"), 2);
  assert.equal(rows("topic IN ('t1', 't2')"), 0);
  assert.equal(rows("source = 'other'"), 1);

  // From a version that had no bound, and no order.
  db.exec("UPDATE capture_retained SET seq = 0");
  const { retained } = new CaptureTables(db).loadSource("s", "c");
  assert.equal(retained.size, MAX_RETAINED_TOPICS);
  assert.equal(rows("source = 's'"), MAX_RETAINED_TOPICS);
  db.close();
});

Deno.test("heard_until does not go back with a late commit, but with the clock, and a source heard before it was loaded gets its client id", () => {
  const db = fresh();
  const tables = new CaptureTables(db);
  const heard = (ms: number) =>
    tables.write({ ledger: [], retained: [], heardUntil: [["s", ms]], quarantine: [] });
  heard(5000);
  heard(4000);
  const state = tables.loadSource("s", "mc-7");
  assert.equal(state.heardUntil, 5000);
  heard(400_000);
  heard(100_000);
  assert.equal(tables.loadSource("s", "mc-7").heardUntil, 400_000);
  // The clock was years ahead for a while.
  heard(9_000_000_000);
  heard(500_000);
  assert.equal(tables.loadSource("s", "mc-7").heardUntil, 500_000);
  assert.equal(state.clientId, "mc-7");
  db.close();
});

Deno.test("loadSource() with a fixed client id that is new begins a session with an empty ledger", () => {
  const db = fresh();
  let tables = new CaptureTables(db);
  tables.loadSource("s", "generated");
  const write = (session: number, topics?: [string, string[]][]) => {
    tables.write({
      ledger: [{ source: "s", session, entries: block(3, 1) }],
      retained: [["s", "t", 5n]],
      heardUntil: [["s", 7000]],
      quarantine: [],
      ...(topics === undefined ? {} : { topics }),
    });
    tables.committed();
  };
  write(0, [["s", ["a/#", "b"]]]);
  const known = tables.loadSource("s", "other");
  assert.equal(known.clientId, "generated", "one that is only proposed changes nothing");
  assert.deepEqual(known.topics, ["a/#", "b"]);
  assert.equal(known.entries.length, 30);

  const changed = tables.loadSource("s", "attic", true);
  assert.equal(changed.clientId, "attic");
  assert.equal(changed.session, 1);
  assert.equal(changed.entries.length, 0);
  assert.equal(changed.topics, undefined, "another session holds none of them");
  assert.equal(changed.heardUntil, 7000);
  assert.equal(changed.retained.get("t"), 5n);

  write(0);
  assert.equal(tables.loadSource("s", "attic", true).entries.length, 0, "ids of the old session");
  write(1);
  tables = new CaptureTables(db);
  const again = tables.loadSource("s", "attic", true);
  assert.deepEqual([again.session, again.entries.length], [1, 30]);
  db.close();
});

Deno.test("loadSource() takes topics that are no list of texts for none", () => {
  const db = fresh();
  const tables = new CaptureTables(db);
  tables.loadSource("s", "c");
  for (const stored of ["", "{", "7", '{"a":1}']) {
    db.prepare("UPDATE capture_sources SET topics = ?").run(stored);
    assert.equal(tables.loadSource("s", "c").topics, undefined);
  }
  db.close();
});

Deno.test("pending gaps are kept with a batch or with a gap, and what is none is left out", () => {
  const db = fresh();
  const tables = new CaptureTables(db);
  tables.loadSource("s", "c");
  const pending = [{ from: 1_760_000_000_123, to: 1_760_000_001_456 }, { from: 7, to: 8 }];
  const empty = { ledger: [], retained: [], heardUntil: [], quarantine: [] };
  tables.write({ ...empty, pendingGaps: [["s", pending]] });
  assert.deepEqual(tables.loadSource("s", "c").pendingGaps, pending);
  tables.write(empty);
  assert.deepEqual(
    tables.loadSource("s", "c").pendingGaps,
    pending,
    "nothing said, nothing changed",
  );
  tables.recordGaps([{ source: "s", from: 7, to: 8, reason: "qos0" }], pending.slice(0, 1));
  assert.deepEqual(tables.loadSource("s", "c").pendingGaps, pending.slice(0, 1));
  tables.recordGaps([{ source: "s", from: 1, to: 2, reason: "qos0" }]);
  assert.deepEqual(tables.loadSource("s", "c").pendingGaps, pending.slice(0, 1));
  tables.write({ ...empty, pendingGaps: [["s", []]] });
  assert.equal(tables.loadSource("s", "c").pendingGaps, undefined);
  for (const stored of ["", "{", "7", '{"a":1}', '[1,["a"],[1],null]']) {
    db.prepare("UPDATE capture_sources SET pending_gaps = ?").run(stored);
    assert.equal(tables.loadSource("s", "c").pendingGaps, undefined);
  }
  db.close();
});

Deno.test("gaps and messages in quarantine are bounded, the oldest out", () => {
  const db = fresh();
  const fill = (into: string, rows: number) =>
    db.exec(`WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < ${rows})
      INSERT INTO ${into} FROM s`);
  fill("capture_gaps (source, from_time, to_time, reason) SELECT 's', i, i + 1, 'qos0'", 100_000);
  fill(
    `capture_quarantine (source, topic, payload, received_at, qos, error)
     SELECT 's', 't', x'00', i, 1, 'no'`,
    10_000,
  );
  const tables = new CaptureTables(db);
  const message = {
    source: "s",
    topic: "t",
    payload: new Uint8Array(1),
    receivedAt: 99_999_000,
    qos: 1 as const,
    retained: false,
    redelivered: false,
  };
  const quarantine = [{ message, error: "no" }];
  tables.write({ ledger: [], retained: [], heardUntil: [], quarantine });
  tables.recordGaps([{ source: "s", from: 200_000_000, to: 200_001_000, reason: "qos0" }]);
  const range = (table: string, column: string) =>
    Object.values(
      db.prepare(`SELECT count(*), min(${column}), max(${column}) FROM ${table}`).get()!,
    );
  assert.deepEqual(range("capture_gaps", "from_time"), [100_000, 2, 200_000]);
  assert.deepEqual(range("capture_quarantine", "received_at"), [10_000, 2, 99_999]);
  db.close();
});
