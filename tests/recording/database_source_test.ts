import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { meshtasticReplayTable } from "../../src/meshtastic/replay_tables.ts";
import {
  DatabaseRecording,
  DatabaseSourceError,
  type DatabaseSourceOptions,
} from "../../src/recording/database_source.ts";
import { Scratch } from "../helpers/scratch.ts";

const MALLA = `CREATE TABLE packet_history (id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp REAL NOT NULL, topic TEXT NOT NULL, raw_service_envelope BLOB)`;
const OURS = `CREATE TABLE packet_history (id INTEGER PRIMARY KEY AUTOINCREMENT,
  timestamp REAL NOT NULL, topic TEXT NOT NULL, raw_service_envelope BLOB,
  qos INTEGER, retained INTEGER, capture_source TEXT)`;

function make(path: string, ...statements: string[]): void {
  const db = new DatabaseSync(path);
  for (const sql of statements) db.exec(sql);
  db.close();
}

function read(path: string, options?: DatabaseSourceOptions) {
  return Array.fromAsync(new DatabaseRecording(path, meshtasticReplayTable, options).entries());
}

Deno.test("DatabaseRecording gives the rows of a Malla database in the order of their ids", async () => {
  using scratch = new Scratch("dbsource");
  const path = scratch.file("malla.db");
  make(
    path,
    MALLA,
    `INSERT INTO packet_history VALUES (9, 1760000001.25, 'b', x'0203'), (2, 1760000002.0166, 'a', x'01')`,
  );
  const common = { source: "old", qos: 0, retained: false, redelivered: false };
  assert.deepEqual(await read(path, { source: "old" }), [
    {
      kind: "message",
      message: {
        ...common,
        topic: "a",
        payload: new Uint8Array([1]),
        receivedAt: 1_760_000_002_016.6,
      },
    },
    {
      kind: "message",
      message: {
        ...common,
        topic: "b",
        payload: new Uint8Array([2, 3]),
        receivedAt: 1_760_000_001_250,
      },
    },
  ]);
});

Deno.test("DatabaseRecording reads qos, retained and source when the columns exist", async () => {
  using scratch = new Scratch("dbsource");
  const path = scratch.file("ours.db");
  make(
    path,
    OURS,
    `INSERT INTO packet_history VALUES
      (1, 1, 't', x'01', 1, 1, 'north'), (2, 1, 't', x'', 2, 0, ''), (3, 1, 't', x'01', NULL, NULL, NULL)`,
  );
  const entries = await read(path);
  assert.deepEqual(
    entries.map((e) =>
      e.kind === "message" && [e.message.qos, e.message.retained, e.message.source]
    ),
    [[1, true, "north"], [1, false, "database"], [0, false, "database"]],
  );
});

Deno.test("DatabaseRecording reads the microseconds of meshpipe's first versions", async () => {
  using scratch = new Scratch("dbsource");
  const path = scratch.file("meshpipe.db");
  make(
    path,
    `CREATE TABLE packet_history (id INTEGER PRIMARY KEY AUTOINCREMENT,
      timestamp INTEGER NOT NULL, topic TEXT NOT NULL, raw_service_envelope BLOB)`,
    `INSERT INTO packet_history VALUES (1, 1760000001250001, 'a', x'01'), (2, 1760000002, 'a', x'01')`,
  );
  assert.deepEqual(
    (await read(path)).map((entry) => entry.kind === "message" && entry.message.receivedAt),
    [1_760_000_001_250.001, 1_760_000_002_000],
  );
});

Deno.test("DatabaseRecording gives a problem for a row without envelope and goes on", async () => {
  using scratch = new Scratch("dbsource");
  const path = scratch.file("a.db");
  make(
    path,
    MALLA,
    `INSERT INTO packet_history VALUES (1, 1, 't', NULL), (2, 1, 't', x'01'), (3, 1, 't', 'text'),
      (4, 'soon', 't', x'01'), (5, -1, 't', x'01'), (6, 1, '', x'01'), (7, 9e999, 't', x'01')`,
  );
  const entries = await read(path);
  assert.deepEqual(
    entries.map((e) => e.kind === "message" ? "message" : [e.position, e.reason]),
    [
      [1, "no_envelope"],
      "message",
      [3, "bad_payload"],
      [4, "bad_ts"],
      [5, "bad_ts"],
      [6, "bad_topic"],
      [7, "bad_ts"],
    ],
  );
});

Deno.test("DatabaseRecording reads in pages, gaps in the ids included", async () => {
  using scratch = new Scratch("dbsource");
  const path = scratch.file("a.db");
  make(
    path,
    MALLA,
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
      INSERT INTO packet_history SELECT i * 3, i, 't', x'01' FROM n`,
  );
  for (const pageRows of [1, 7, 250, 5000]) {
    const entries = await read(path, { pageRows });
    assert.equal(entries.length, 1000);
    assert.ok(
      entries.every((e, i) => e.kind === "message" && e.message.receivedAt === (i + 1) * 1000),
    );
  }
});

Deno.test("DatabaseRecording leaves out what is written after the reading began", async () => {
  using scratch = new Scratch("dbsource");
  const path = scratch.file("a.db");
  const writer = new DatabaseSync(path);
  writer.exec("PRAGMA journal_mode = WAL");
  writer.exec(MALLA);
  const insert = writer.prepare("INSERT INTO packet_history VALUES (NULL, 1, 't', x'01')");
  for (let i = 0; i < 5; i++) insert.run();
  let read = 0;
  const recording = new DatabaseRecording(path, meshtasticReplayTable, { pageRows: 2 });
  for await (const _ of recording.entries()) {
    read++;
    insert.run();
  }
  writer.close();
  assert.equal(read, 5);
});

Deno.test("DatabaseRecording says why when a database cannot be replayed", async () => {
  using scratch = new Scratch("dbsource");
  make(scratch.file("other.db"), "CREATE TABLE x (a)");
  make(scratch.file("column.db"), "CREATE TABLE packet_history (id INTEGER PRIMARY KEY, topic)");
  Deno.writeTextFileSync(scratch.file("text.db"), "this is no database".repeat(100));
  const reasons: string[] = [];
  for (const name of ["other.db", "column.db", "text.db", "none.db"]) {
    await assert.rejects(read(scratch.file(name)), (error: unknown) => {
      assert.ok(error instanceof DatabaseSourceError);
      reasons.push(error.reason);
      return true;
    });
  }
  assert.deepEqual(reasons, ["no_table", "no_column", "unreadable", "unreadable"]);
  assert.throws(() => Deno.statSync(scratch.file("none.db")), Deno.errors.NotFound);
});

Deno.test("DatabaseRecording gives nothing when the table is empty", async () => {
  using scratch = new Scratch("dbsource");
  make(scratch.file("a.db"), MALLA);
  assert.deepEqual(await read(scratch.file("a.db")), []);
});
