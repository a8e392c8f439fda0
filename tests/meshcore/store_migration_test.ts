import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../src/capture/network.ts";
import { readTables } from "../../src/storage/schema.ts";
import { Scratch } from "../helpers/scratch.ts";
import { fixture, fixtureLines } from "./fixtures.ts";
import { GENERATIONS, makeCoreScope, THEN } from "./old_databases.ts";
import { key, NOW, packet, sighting } from "./records.ts";
import { testParts, TestStore } from "./test_store.ts";

/** A table as the fixture and SQLite describe it. */
interface Shape {
  columns: string[];
  indexes: string[];
}

/** Reads tests/fixtures/meshcore/schema.md. */
function documented(): Map<string, Shape> {
  const tables = new Map<string, Shape>();
  for (const section of fixture("schema.md").split("\n## table ").slice(1)) {
    const lines = section.split("\n## ")[0]!.split("\n");
    const shape: Shape = { columns: [], indexes: [] };
    for (const line of lines.slice(1)) {
      if (line.startsWith("- foreign key")) continue;
      if (line.startsWith("- ")) shape.indexes.push(line.slice(2));
      else if (line.includes(" | ") && !line.startsWith("column") && !line.startsWith("---")) {
        shape.columns.push(line.split("|").map((cell) => cell.trim()).join("|"));
      }
    }
    tables.set(lines[0]!.replace(" (AUTOINCREMENT)", ""), shape);
  }
  return tables;
}

/** The same of a database, for the tables of `like`. */
function actual(db: DatabaseSync, like: ReadonlyMap<string, Shape>): Map<string, Shape> {
  const text = (value: unknown) => value === null ? "" : String(value);
  return new Map([...like.keys()].map((table) => {
    const columns = db.prepare(`PRAGMA table_info(${table})`).all().map((row) =>
      [
        row["name"],
        row["type"],
        row["notnull"] === 1 ? "yes" : "",
        text(row["dflt_value"]),
        row["pk"] === 0 ? "" : text(row["pk"]),
      ].join("|")
    );
    const indexes = db.prepare(`PRAGMA index_list(${table})`).all().map((row) => {
      const name = String(row["name"]);
      const parts = db.prepare(`PRAGMA index_info("${name}")`).all()
        .map((part) => part["name"] ?? "(expression)").join(", ");
      const sql = String(
        db.prepare("SELECT sql FROM sqlite_master WHERE name = ?").get(name)?.["sql"] ?? "",
      );
      if (row["origin"] !== "c") return `unique index (automatic) on (${parts})`;
      const where = / WHERE (.*)$/.exec(sql)?.[1];
      const shown = `${row["unique"] === 1 ? "unique " : ""}index ${name} on (${parts})`;
      if (parts.includes("(expression)")) return `${shown}  [on: ${sql.slice(sql.indexOf("("))}]`;
      return where === undefined ? shown : `${shown} where ${where}`;
    });
    return [table, { columns, indexes }];
  }));
}

/** The order of indexes and the spaces of an expression mean nothing. */
function comparable(tables: ReadonlyMap<string, Shape>): Record<string, Shape> {
  return Object.fromEntries([...tables].map(([table, { columns, indexes }]) => [
    table,
    { columns, indexes: indexes.map((one) => one.replace(/ ?= ?/g, "=")).sort() },
  ]));
}

Deno.test("openMeshcoreDatabase() makes CoreScope's schema exactly", () => {
  using scratch = new Scratch("mc-schema");
  using store = new TestStore(scratch.file("new.db"), { hasRegions: true });
  const { db } = store.opened.database;
  const like = documented();
  assert.equal(like.size, 12);
  assert.deepEqual(comparable(actual(db, like)), comparable(like));
  const others = [...readTables(db).keys()].filter((table) => !like.has(table));
  assert.ok(others.every((table) => table.startsWith("capture_") || table === "sqlite_sequence"));
  const autoincrement = store.rows(
    "SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%' AND name NOT LIKE 'capture_%'",
  ).map((row) => row.name).sort();
  assert.deepEqual(autoincrement, [
    "client_receptions",
    "dropped_packets",
    "observations",
    "transmissions",
  ]);
  assert.deepEqual(
    store.rows("PRAGMA table_info(packets_v)").map((row) => row.name).join(", "),
    /columns: (.*)/.exec(fixture("schema.md"))![1],
  );
  assert.deepEqual(
    store.rows("SELECT name FROM _migrations ORDER BY rowid").map((row) => row.name),
    fixtureLines("golden/_migrations.jsonl").map((row) => row.name),
  );
  assert.equal(store.value("PRAGMA auto_vacuum"), 2);
});

Deno.test("openMeshcoreDatabase() makes a new file's indexes in CoreScope's order", () => {
  using scratch = new Scratch("mc-order");
  using store = new TestStore(scratch.file("meshcore.db"));
  const order = (table: string) =>
    store.rows(
      `SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
         AND tbl_name = '${table}' ORDER BY rowid`,
    ).map((row) => row.name);
  // Of equally good indexes SQLite takes one by their order, and CoreScope's server shows of equally
  // good receptions of one second the one that comes first in it.
  assert.deepEqual(order("observations"), [
    "idx_observations_transmission_id",
    "idx_observations_observer_idx",
    "idx_observations_timestamp",
    "idx_observations_dedup",
    "idx_observations_tx_ts",
    "idx_observations_observer_idx_timestamp",
  ]);
  assert.deepEqual(order("transmissions"), [
    "idx_transmissions_hash",
    "idx_transmissions_first_seen",
    "idx_transmissions_payload_type",
    "idx_tx_channel_hash",
    "idx_transmissions_from_pubkey",
    "idx_tx_scope_name",
    "idx_tx_last_seen_zero",
  ]);
});

for (const generation of GENERATIONS) {
  Deno.test(`openMeshcoreDatabase() brings up CoreScope's "${generation}" and loses nothing`, () => {
    using scratch = new Scratch("mc-old");
    const path = scratch.file("meshcore.db");
    makeCoreScope(path, generation);
    using store = new TestStore(path, { hasRegions: true });
    assert.equal(store.opened.origin, "corescope");
    // Capture goes on before anything is filled.
    store.commit(packet({ observer: sighting("NEW") }));
    store.backend.runJobs(NOW);
    assert.deepEqual(store.failures, []);

    const like = documented();
    const shapes = comparable(actual(store.opened.database.db, like));
    for (const [table, shape] of Object.entries(comparable(like))) {
      assert.deepEqual(shapes[table]!.indexes, shape.indexes);
      const names = (one: Shape) => one.columns.map((column) => column.split("|")[0]!).sort();
      assert.deepEqual(names(shapes[table]!), names(shape));
    }
    assert.deepEqual(
      store.rows("SELECT name FROM _migrations").map((row) => row.name).sort(),
      fixtureLines("golden/_migrations.jsonl").map((row) => row.name).sort(),
    );
    assert.deepEqual(
      store.rows("SELECT name, status FROM _async_migrations ORDER BY name"),
      [
        { name: "obs_observer_ts_idx_v1", status: "done" },
        { name: "tx_last_seen_backfill_v1", status: "done" },
      ],
    );

    const sent = store.rows("SELECT * FROM transmissions ORDER BY id");
    assert.deepEqual(
      sent.map((row) => [row.hash, row.from_pubkey, row.channel_hash, row.last_seen]),
      [
        ["a1", key("aa"), null, THEN],
        ["a2", null, "Public", THEN],
        ["a3", null, "enc_CC", THEN],
        ["a4", null, null, THEN],
        ["00000000000000aa", null, null, NOW / 1000],
      ],
    );
    const seen = store.rows(
      `SELECT seen.*, observers.id AS observer FROM observations AS seen
       LEFT JOIN observers ON observers.rowid = observer_idx ORDER BY seen.id`,
    );
    const paths = generation === "raw hex without paths";
    assert.deepEqual(
      seen.map((row) => [row.id, row.observer, row.snr, row.path_json, row.timestamp]),
      [
        [7, "OBS", 5, "[]", THEN],
        [
          8,
          generation === "observers by name" ? "GONE" : "OBS",
          6,
          paths ? '["AABB","CCDD"]' : '["AB"]',
          THEN,
        ],
        [9, null, 7, null, THEN],
        [10, "OBS", 8, "[]", THEN],
        [11, "NEW", 5.5, "[]", NOW / 1000],
      ],
    );
    const node = store.row("SELECT * FROM nodes");
    assert.equal(node.public_key, key("aa"));
    assert.equal(node.advert_count, paths ? 17 : 1);
    assert.equal(node.default_scope, paths ? "#bay" : null);
    const observers = store.rows("SELECT * FROM observers WHERE id IN ('OBS', 'MUTE') ORDER BY id");
    assert.deepEqual(
      observers.map((row) => [row.last_packet_at, row.can_relay, row.noise_floor]),
      [[null, 1, null], ["2025-10-09T07:53:20Z", 1, -100]],
    );
    assert.ok(!readTables(store.opened.database.db).has("capture_old_observations"));
    assert.deepEqual(store.rows("PRAGMA foreign_key_check"), []);
  });
}

Deno.test("retention leaves packets alone whose old observations still wait to be moved", () => {
  using scratch = new Scratch("mc-old");
  const path = scratch.file("meshcore.db");
  makeCoreScope(path, "observers by name");
  const retention = { ...testParts.retention, packetDays: 1 };
  {
    using store = new TestStore(path, { retention, nowMs: NOW });
    store.backend.runJobs(NOW + 2 * 86_400_000);
    assert.deepEqual(store.failures, []);
    assert.equal(store.value("SELECT count(*) FROM observations"), 4);
  }
  using store = new TestStore(path, { retention, nowMs: NOW });
  store.backend.runJobs(NOW + 2 * 86_400_000);
  assert.deepEqual(store.failures, []);
  assert.equal(store.value("SELECT count(*) FROM transmissions"), 0);
});

Deno.test("openMeshcoreDatabase() takes numbers away that empty the server's pages (G1)", () => {
  using scratch = new Scratch("mc-old");
  const path = scratch.file("meshcore.db");
  makeCoreScope(path, "raw hex without paths");
  const db = new DatabaseSync(path);
  db.exec(
    `UPDATE observations SET snr = 9e999 WHERE id = 7;
     UPDATE observations SET rssi = -9e999 WHERE id = 8;
     UPDATE observations SET snr = 1e300 WHERE id = 9;
     UPDATE observers SET noise_floor = 9e999 WHERE id = 'MUTE'`,
  );
  db.close();
  using store = new TestStore(path);
  store.backend.runJobs(NOW);
  assert.deepEqual(store.failures, []);
  assert.deepEqual(
    store.rows("SELECT id, snr, rssi FROM observations ORDER BY id")
      .map((row) => [row.id, row.snr, row.rssi]),
    [[7, null, -90], [8, 6, null], [9, null, -92], [10, 8, -93]],
  );
  assert.deepEqual(
    store.rows("SELECT id, noise_floor FROM observers ORDER BY id").map((row) => row.noise_floor),
    [null, -100],
  );
});

Deno.test("openMeshcoreDatabase() opens a large old file at once, and its jobs go on after a stop", () => {
  using scratch = new Scratch("mc-old");
  const path = scratch.file("meshcore.db");
  makeCoreScope(path, "observers by name");
  const db = new DatabaseSync(path);
  db.exec(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
     INSERT INTO transmissions (raw_hex, hash, first_seen, payload_type, decoded_json)
     SELECT '1500', 'h' || i, '2025-10-09T07:53:20Z', 5, '{"type":"CHAN","channel":"c"}' FROM n`,
  );
  db.exec(
    `INSERT INTO observations (transmission_id, hash, observer_id, path_json, timestamp)
     SELECT id, hash, 'OBS', '[]', first_seen FROM transmissions WHERE hash LIKE 'h%'`,
  );
  db.close();
  const left = (store: TestStore) =>
    store.value("SELECT count(*) FROM transmissions WHERE channel_hash IS NULL AND hash LIKE 'h%'");
  {
    const start = performance.now();
    using store = new TestStore(path);
    assert.ok(performance.now() - start < 5000);
    store.backend.tick(NOW);
    while (left(store) === 20_000 || left(store) === 0) assert.ok(store.backend.slice(5));
    store.commit(packet());
  }
  using store = new TestStore(path);
  const rest = left(store);
  assert.ok(rest > 0 && rest < 20_000);
  store.backend.runJobs(NOW);
  assert.equal(left(store), 0);
  assert.equal(store.value("SELECT count(*) FROM observations"), 20_005);
  assert.equal(store.value("SELECT count(*) FROM transmissions WHERE last_seen = 0"), 0);
  assert.deepEqual(store.failures, []);
});

Deno.test("openMeshcoreDatabase() does nothing twice, and leaves a present CoreScope file as it is", () => {
  using scratch = new Scratch("mc-again");
  const path = scratch.file("meshcore.db");
  const state = (store: TestStore) =>
    store.rows(
      "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name",
    );
  let before: unknown;
  {
    using store = new TestStore(path, { hasRegions: true });
    store.commit(packet());
    store.backend.runJobs(NOW);
    before = state(store);
  }
  {
    using store = new TestStore(path, { hasRegions: true });
    assert.deepEqual(store.opened.applied, []);
    const once = store.opened.jobs.filter((job) => job.everyMs === 0).map((job) => job.name);
    assert.deepEqual(once, ["index marks"]);
  }
  using store = new TestStore(path);
  assert.deepEqual(state(store), before);
});

Deno.test("openMeshcoreDatabase() fills default scopes when regions are configured later", () => {
  using scratch = new Scratch("mc-again");
  const path = scratch.file("meshcore.db");
  {
    using store = new TestStore(path);
    const names = store.rows("SELECT name FROM _migrations").map((row) => row.name);
    assert.ok(!names.includes("backfill_default_scope_v1"));
  }
  using store = new TestStore(path, { hasRegions: true });
  store.backend.runJobs(NOW);
  const names = store.rows("SELECT name FROM _migrations").map((row) => row.name);
  assert.ok(names.includes("backfill_default_scope_v1"));
});

Deno.test("openMeshcoreDatabase() marks observers of the blacklist inactive", () => {
  using scratch = new Scratch("mc-black");
  const path = scratch.file("meshcore.db");
  {
    using store = new TestStore(path);
    store.commit(packet({ observer: sighting("BAD") }), packet({ observer: sighting("GOOD") }));
  }
  using store = new TestStore(path, { observerBlacklist: [" bad ", ""] });
  assert.deepEqual(store.rows("SELECT id, inactive FROM observers ORDER BY id"), [
    { id: "BAD", inactive: 1 },
    { id: "GOOD", inactive: 0 },
  ]);
});

Deno.test("openMeshcoreDatabase() refuses another program's database", () => {
  using scratch = new Scratch("mc-other");
  for (const sql of ["CREATE TABLE packet_history (id)", "CREATE TABLE nodes (id)"]) {
    const path = scratch.file(`${crypto.randomUUID()}.db`);
    const db = new DatabaseSync(path);
    db.exec(sql);
    db.close();
    assert.throws(
      () => new TestStore(path),
      (error) => error instanceof StorageError && error.reason === "foreign_schema",
    );
  }
});
