import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { meshcoreComparisons } from "../../src/meshcore/diff_tables.ts";
import { diffDatabases } from "../../src/recording/diff.ts";
import { Scratch } from "../helpers/scratch.ts";

const SCHEMA = `
CREATE TABLE transmissions (id INTEGER PRIMARY KEY, raw_hex TEXT, hash TEXT UNIQUE,
  first_seen TEXT, decoded_json TEXT);
CREATE TABLE observers (id TEXT PRIMARY KEY, name TEXT, last_seen TEXT);
CREATE TABLE observations (id INTEGER PRIMARY KEY, transmission_id INTEGER, observer_idx INTEGER,
  snr REAL, path_json TEXT, timestamp INTEGER);
CREATE TABLE nodes (public_key TEXT PRIMARY KEY, name TEXT, last_seen TEXT);
CREATE TABLE neighbor_edges (node_a TEXT, node_b TEXT, count INTEGER, last_seen TEXT);`;

function make(path: string, sql: string): string {
  const db = new DatabaseSync(path);
  db.exec(SCHEMA + sql);
  db.close();
  return path;
}

const A = `
INSERT INTO observers VALUES ('O1', 'one', 'then'), ('O2', 'two', 'then');
INSERT INTO transmissions VALUES (1, '15', 'h1', 't', '{}'), (2, '', 'c1', 't', '{"text":"a"}');
INSERT INTO observations VALUES (1, 1, 1, 2.5, '[]', 7), (2, 1, 2, 3.5, '["AA"]', 8),
  (3, 2, 2, 1, '[]', 9);
INSERT INTO nodes VALUES ('aa', 'n', 'then');
INSERT INTO neighbor_edges VALUES ('aa', 'bb', 3, 'then');`;

/** The same, written in another order at another time. */
const B = `
INSERT INTO observers VALUES ('O2', 'two', 'now'), ('O1', 'one', 'now');
INSERT INTO transmissions VALUES (4, '', 'c9', 'u', '{"text":"a"}'), (5, '15', 'h1', 'u', '{}');
INSERT INTO observations VALUES (1, 4, 1, 1, '[]', 17), (2, 5, 1, 3.5, '["AA"]', 18),
  (3, 5, 2, 2.5, '[]', 19);
INSERT INTO nodes VALUES ('aa', 'n', 'now');
INSERT INTO neighbor_edges VALUES ('aa', 'bb', 3, 'now');`;

Deno.test("meshcoreComparisons() finds databases equal whatever their row ids and clocks", async () => {
  using scratch = new Scratch("mcdiff");
  const a = make(scratch.file("a.db"), A);
  const b = make(scratch.file("b.db"), B);
  const diff = await diffDatabases(a, b, meshcoreComparisons());
  assert.equal(diff.equal, true, JSON.stringify(diff.tables.filter((one) => !one.equal)));
  const rows = Object.fromEntries(diff.tables.map((one) => [one.table, one.same]));
  assert.equal(rows["observations"], 3);
  assert.equal(rows["transmissions"], 2);
  const timed = await diffDatabases(a, b, meshcoreComparisons({ withTimestamps: true }));
  assert.equal(timed.equal, false);
});

Deno.test("meshcoreComparisons() shows an observation of another observer", async () => {
  using scratch = new Scratch("mcdiff");
  const a = make(scratch.file("a.db"), A);
  const b = make(scratch.file("b.db"), B + "UPDATE observations SET observer_idx = 1 WHERE id = 3");
  const diff = await diffDatabases(a, b, meshcoreComparisons());
  const table = diff.tables.find((one) => one.table === "observations")!;
  assert.deepEqual([table.onlyInA, table.onlyInB], [1, 1]);
  assert.equal(table.samplesOnlyInA[0]!["observer"], '"O1"');
});
