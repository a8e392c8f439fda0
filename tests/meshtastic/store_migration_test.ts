import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../src/capture/network.ts";
import { meshtastic } from "../../src/meshtastic/descriptor.ts";
import { migrateBack } from "../../src/meshtastic/migrate_back.ts";
import { openMeshtasticDatabase } from "../../src/meshtastic/open_store.ts";
import { type MeshtasticStoreOptions, openMeshtasticStore } from "../../src/meshtastic/store.ts";
import { Reader } from "../../src/storage/reader.ts";
import {
  emptyContext,
  testEnumNames,
  testRecord,
  testUpdate,
} from "../helpers/meshtastic_records.ts";
import { Scratch } from "../helpers/scratch.ts";
import {
  makeMalla,
  makeMeshpipe,
  MALLA_GENERATIONS,
  meshpipePackets,
  upgradeAsMeshpipe,
} from "./old_databases.ts";

const NOW = 1_760_000_000_000;

function open(path: string, options: Partial<MeshtasticStoreOptions> = {}) {
  return openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: NOW, ...options });
}

function rows(path: string, sql: string): Record<string, unknown>[] {
  using reader = new Reader(path);
  return reader.query(sql).map((row) => ({ ...row }));
}

function indexNames(path: string, table: string): string[] {
  return rows(
    path,
    `SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
    AND tbl_name = '${table}'`,
  ).map((row) => String(row["name"]));
}

for (const generation of [0, 1, 7, MALLA_GENERATIONS - 1]) {
  Deno.test(`openMeshtasticStore() brings up Malla's generation ${generation} and loses nothing`, async () => {
    using scratch = new Scratch();
    const path = scratch.file("malla.db");
    makeMalla(path, generation);
    const packets = rows(path, "SELECT * FROM packet_history ORDER BY id");
    const nodes = rows(path, "SELECT * FROM node_info ORDER BY node_id");

    const store = await open(path);
    assert.equal(store.info.origin, "malla");
    assert.equal(store.info.derivedTables, false);
    // It grows before its indexes are there.
    await store.commit([testRecord({}, { node: testUpdate({ nodeId: 9 }) })], emptyContext);
    await store.runJobs(NOW);
    await store.close(0);

    const after = rows(path, "SELECT * FROM packet_history ORDER BY id");
    assert.equal(after.length, packets.length + 1);
    packets.forEach((row, i) => assert.deepEqual({ ...after[i], ...row }, after[i]));
    assert.equal(after.at(-1)!["capture_source"], "home");
    const [gateway, anna] = rows(path, "SELECT * FROM node_info ORDER BY node_id");
    assert.deepEqual({ ...anna, ...nodes[1] }, anna);
    assert.equal(gateway!["long_name"], "Hill top");
    assert.equal(gateway!["first_seen"], 1e9);
    assert.equal(indexNames(path, "packet_history").length, 19);
    assert.equal(indexNames(path, "node_info").length, 2);
  });
}

Deno.test("openMeshtasticStore() leaves the indexes of a large file to jobs, and they go on after a stop", async () => {
  using scratch = new Scratch();
  const path = scratch.file("malla.db");
  makeMalla(path, MALLA_GENERATIONS - 1, 20_000);
  const start = performance.now();
  const { database } = openMeshtasticDatabase({
    path,
    settings: {},
    indexes: "full",
    retentionHours: 0,
    enumNames: testEnumNames,
    nowSeconds: NOW / 1000,
  });
  assert.ok(performance.now() - start < 5000);
  assert.deepEqual(indexNames(path, "packet_history"), ["idx_packet_timestamp"]);
  database[Symbol.dispose]();

  const again = await open(path);
  await again.tick(NOW);
  // Commits come between; the jobs end by themselves.
  const deadline = performance.now() + 30_000;
  let commits = 0;
  do {
    await again.commit([testRecord()], emptyContext);
    commits++;
    assert.ok(performance.now() < deadline);
  } while ((await again.stats()).pendingJobs.length > 0);
  await again.close(0);
  assert.ok(commits > 1);
  assert.equal(indexNames(path, "packet_history").length, 19);
  assert.equal(
    rows(path, "SELECT count(*) AS n FROM packet_history")[0]!["n"],
    20_000 + commits,
  );
});

for (const old of [false, true]) {
  const words = old ? "an old meshpipe database" : "a meshpipe database";
  Deno.test(`openMeshtasticStore() gives ${words} Malla's meaning, and migrateBack() returns it`, async () => {
    using scratch = new Scratch();
    const path = scratch.file("meshpipe.db");
    makeMeshpipe(path, old);
    const nodesBefore = rows(
      path,
      "SELECT node_id, hw_model, role, mac_address FROM node_info ORDER BY node_id",
    );

    const store = await open(path);
    assert.equal(store.info.origin, "meshpipe");
    assert.equal(store.info.derivedTables, true);
    await store.runJobs(NOW);
    await store.commit([testRecord({}, { node: testUpdate(), details: TEXT })], emptyContext);
    await store.close(0);

    const packets = rows(path, "SELECT portnum_name, timestamp FROM packet_history ORDER BY id");
    assert.deepEqual(
      packets.map((row) => row["portnum_name"]),
      [...meshpipePackets.map(([, , , name]) => name), "TEXT_MESSAGE_APP"],
    );
    assert.equal(packets[0]!["timestamp"], 1_700_000_000.5);
    const nodes = rows(path, "SELECT * FROM node_info ORDER BY node_id").map((row) => [
      row["hw_model"],
      row["hw_model_name"],
      row["role"],
      row["mac_address"],
      row["last_updated"],
    ]);
    assert.deepEqual(nodes, [
      [null, null, null, "", 1e9],
      ["HELTEC_V3", "Heltec V3", "ROUTER", "aa:bb:cc:dd:ee:ff", 1.5e9],
      ["Unknown", null, "CLIENT", "", 1.5e9],
      ["UNKNOWN_999", null, "UNKNOWN_77", null, 1.5e9],
      ["HELTEC_V3", "Heltec V3", "ROUTER", "a0:b1:c2:d3:e4:f5", 1_760_000_000.25],
    ]);
    assert.deepEqual(
      rows(path, "SELECT text FROM chat_messages ORDER BY packet_id").map((row) => row["text"]),
      ["hi", "ho"],
    );
    assert.equal(rows(path, "SELECT * FROM chat_message_gateways").length, 2);

    const summary = migrateBack(path, "meshpipe", testEnumNames, NOW);
    assert.equal(summary.nodes, 5);
    const back = rows(path, "SELECT portnum_name FROM packet_history ORDER BY id");
    assert.deepEqual(
      back.map((row) => row["portnum_name"]),
      [...meshpipePackets.map(([, name]) => name), "Text message"],
    );
    assert.deepEqual(
      rows(
        path,
        `SELECT node_id, hw_model, role, mac_address FROM node_info
        WHERE node_id < 100 ORDER BY node_id`,
      ),
      nodesBefore,
    );
    // And forth again.
    const again = await open(path);
    await again.runJobs(NOW);
    await again.close(0);
    const forth = rows(
      path,
      "SELECT portnum_name FROM packet_history WHERE portnum_name GLOB '*[a-z]*'",
    );
    assert.deepEqual(forth, []);
    assert.equal(
      rows(path, "SELECT hw_model FROM node_info WHERE node_id = 16")[0]!["hw_model"],
      "HELTEC_V3",
    );
  });
}

/** Tables that refer to another, and to which. */
function references(path: string): Set<unknown> {
  return new Set(
    rows(
      path,
      `SELECT f."table" AS parent FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f
       WHERE m.type = 'table'`,
    ).map((row) => row["parent"]),
  );
}

const TEXT = {
  kind: "text" as const,
  text: "ho",
  wantResponse: false,
  dest: 0,
  source: 0,
  requestId: 0,
  replyId: 0,
  emoji: 0,
  bitfield: null,
  compressed: false,
};

Deno.test("openMeshtasticStore() mends what refers to the packet_history that meshpipe replaced", async () => {
  using scratch = new Scratch();
  const path = scratch.file("upgraded.db");
  makeMeshpipe(path, true);
  upgradeAsMeshpipe(path);
  assert.deepEqual(references(path), new Set(["packet_history", "packet_history_legacy"]));
  const tables = ["packet_history", "text_messages", "link_history", "range_test_results"];
  const all = () => tables.map((table) => rows(path, `SELECT * FROM ${table} ORDER BY 1`));
  const before = all();

  const store = await open(path);
  assert.deepEqual(references(path), new Set(["packet_history"]));
  await store.commit([testRecord({}, { details: TEXT })], emptyContext);
  await store.runJobs(NOW);
  await store.close(0);

  const after = all();
  // portnum_name is for the rewrite.
  before.flat().forEach((row) => delete row["portnum_name"]);
  before.forEach((was, t) =>
    was.forEach((row, i) => assert.deepEqual({ ...after[t]![i], ...row }, after[t]![i]))
  );
  assert.deepEqual(after.map((one, t) => one.length - before[t]!.length), [1, 1, 1, 0]);
  assert.deepEqual(
    rows(path, "SELECT text FROM chat_messages ORDER BY packet_id").map((row) => row["text"]),
    ["hi", "ho"],
  );
  assert.deepEqual(rows(path, "PRAGMA foreign_key_check"), []);
  assert.deepEqual(rows(path, "PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
});

Deno.test("retention takes what hangs on a packet from a mended database, and leaves what hung on none before", async () => {
  using scratch = new Scratch();
  const path = scratch.file("upgraded.db");
  makeMeshpipe(path, true);
  upgradeAsMeshpipe(path);
  const db = new DatabaseSync(path);
  // An earlier retention deleted packet 1; its text and link stayed.
  db.exec("PRAGMA foreign_keys = ON; DELETE FROM packet_history WHERE id = 1");
  db.exec("PRAGMA foreign_keys = OFF; INSERT INTO text_messages (packet_id, text) VALUES (3, 'x')");
  db.close();
  const texts = () =>
    rows(path, "SELECT packet_id FROM text_messages").map((row) => row["packet_id"]);
  assert.deepEqual(texts(), [1, 3]);

  const store = await open(path, { derivedTables: false, retentionHours: 1 });
  await store.runJobs(NOW);
  await store.close(0);
  assert.deepEqual(texts(), [1]);
  assert.deepEqual(rows(path, "SELECT * FROM packet_history"), []);
  assert.deepEqual(rows(path, "SELECT * FROM range_test_results"), []);
});

Deno.test("openMeshtasticStore() mends all references of a database or, where it fails, none", async () => {
  using scratch = new Scratch();
  const path = scratch.file("upgraded.db");
  makeMeshpipe(path, true);
  upgradeAsMeshpipe(path);
  const schema = () => rows(path, "SELECT name, sql FROM sqlite_master ORDER BY name");
  const db = new DatabaseSync(path);
  db.exec(`CREATE TABLE capture_migrations (name TEXT PRIMARY KEY, applied_at REAL NOT NULL);
    INSERT INTO capture_migrations VALUES ('meshtastic/9000_future.sql', 1)`);
  const before = schema();
  await assert.rejects(open(path), { name: "StorageError" });
  assert.deepEqual(schema(), before);

  db.exec("DROP TABLE capture_migrations");
  db.close();
  await (await open(path)).close(0);
  assert.deepEqual(references(path), new Set(["packet_history"]));
});

Deno.test("openMeshtasticStore() gives meshpipe's packets without payload an empty one, and back", async () => {
  using scratch = new Scratch();
  const path = scratch.file("meshpipe.db");
  makeMeshpipe(path);
  const db = new DatabaseSync(path);
  db.exec("UPDATE packet_history SET raw_payload = NULL, payload_length = NULL WHERE id = 4");
  db.close();
  const payloads = () =>
    rows(path, "SELECT typeof(raw_payload) AS t, payload_length AS n FROM packet_history");
  const before = payloads();
  const store = await open(path);
  await store.runJobs(NOW);
  await store.close(0);
  assert.deepEqual(payloads()[3], { t: "blob", n: 0 });
  assert.deepEqual(payloads().filter((_, i) => i !== 3), before.filter((_, i) => i !== 3));

  migrateBack(path, "meshpipe", testEnumNames, NOW);
  assert.deepEqual(payloads()[3], { t: "null", n: 0 });
  assert.deepEqual(payloads().filter((_, i) => i !== 3), before.filter((_, i) => i !== 3));
});

Deno.test("openMeshtasticStore() says which jobs a database made elsewhere needs, and when they end", async () => {
  using scratch = new Scratch();
  const path = scratch.file("meshpipe.db");
  makeMeshpipe(path);
  const done: string[] = [];
  const store = await open(path, { onJobDone: (job) => done.push(job) });
  assert.deepEqual(store.info.jobs, ["indexes", "meshpipe_rewrite"]);
  await store.runJobs(NOW);
  await store.close(0);
  assert.deepEqual(done, ["indexes", "meshpipe_rewrite"]);
  const again = await open(path);
  assert.deepEqual([again.info.jobs, again.info.applied], [[], []]);
  await again.close(0);
});

Deno.test("openMeshtasticStore() gives unreadable packets no port's name, also after migrateBack()", async () => {
  using scratch = new Scratch();
  const path = scratch.file("own.db");
  const store = await open(path);
  await store.commit([testRecord({ portnum: null, portnumName: null })], emptyContext);
  await store.close(0);
  const name = () => rows(path, "SELECT portnum_name AS n FROM packet_history")[0]!["n"];

  migrateBack(path, "meshpipe", testEnumNames, NOW);
  assert.equal(name(), "Unknown");
  const again = await open(path);
  await again.runJobs(NOW);
  await again.close(0);
  assert.equal(name(), null);
});

Deno.test("the labels name every background job that a database may have, and no other", () => {
  using scratch = new Scratch();
  const path = scratch.file("meshpipe.db");
  makeMeshpipe(path);
  const { database, jobs } = openMeshtasticDatabase({
    path,
    settings: {},
    indexes: "full",
    retentionHours: 1,
    enumNames: testEnumNames,
    nowSeconds: NOW / 1000,
  });
  const names = ["maintenance", "scheduler", ...jobs.map((job) => job.name)];
  assert.deepEqual(names.toSorted(), meshtastic.labels.jobs.toSorted());
  database[Symbol.dispose]();
});

Deno.test("the rewrite of a meshpipe database goes on where it was broken off", () => {
  using scratch = new Scratch();
  const path = scratch.file("meshpipe.db");
  makeMeshpipe(path);
  const parts = {
    path,
    settings: {},
    indexes: "minimal" as const,
    retentionHours: 0,
    enumNames: testEnumNames,
    nowSeconds: NOW / 1000,
  };
  {
    const { database, jobs } = openMeshtasticDatabase(parts);
    database.db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
      INSERT INTO packet_history (timestamp, topic, portnum, portnum_name)
      SELECT i, 't', 1, 'Text message' FROM n`);
    const rewrite = jobs.find((job) => job.name === "meshpipe_rewrite")!;
    for (let i = 0; i < 5; i++) assert.equal(rewrite.step(0, NOW), "more");
    database[Symbol.dispose]();
  }
  const texts = "SELECT count(*) AS n FROM packet_history WHERE portnum_name = 'Text message'";
  const left = Number(rows(path, texts)[0]!["n"]);
  assert.ok(left > 0 && left < 1500);
  const { database, jobs } = openMeshtasticDatabase(parts);
  const rewrite = jobs.find((job) => job.name === "meshpipe_rewrite")!;
  const changesBefore = Number(database.db.prepare("SELECT total_changes() AS n").get()!["n"]);
  let transactions = 1;
  while (rewrite.step(0, NOW) === "more") transactions++;
  const changed = Number(database.db.prepare("SELECT total_changes() AS n").get()!["n"]) -
    changesBefore;
  assert.equal(rows(path, texts)[0]!["n"], 0);
  // The rows that were left, and the mark after each transaction; no row twice.
  assert.ok(changed >= left && changed <= left + transactions);
  database[Symbol.dispose]();
});

Deno.test("migrateBack() gives numbers to a file of our own that meshpipe can read as integers", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const store = await open(path);
  await store.commit([testRecord({}, { node: testUpdate() })], emptyContext);
  await store.close(0);
  migrateBack(path, "meshpipe", testEnumNames, NOW);
  const [row] = rows(path, "SELECT hw_model, role, mac_address FROM node_info");
  assert.deepEqual(row, { hw_model: "43", role: "2", mac_address: "A0B1C2D3E4F5" });
  const again = await open(path);
  assert.equal(again.info.origin, "meshpipe");
  await again.close(0);
  const [forth] = rows(path, "SELECT hw_model, role, mac_address FROM node_info");
  assert.deepEqual(forth, {
    hw_model: "HELTEC_V3",
    role: "ROUTER",
    mac_address: "a0:b1:c2:d3:e4:f5",
  });
});

Deno.test("openMeshtasticStore() refuses a database of another program and leaves it as it was", async () => {
  using scratch = new Scratch();
  const path = scratch.file("other.db");
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE transmissions (id); CREATE TABLE observers (id)");
  db.close();
  await assert.rejects(open(path), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.reason, "foreign_schema");
    assert.match(error.message, /observers, transmissions|transmissions, observers/);
    return true;
  });
  assert.equal(rows(path, "SELECT * FROM sqlite_master").length, 2);
});

Deno.test("openMeshtasticStore() refuses a file of a later version", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  await (await open(path)).close(0);
  const db = new DatabaseSync(path);
  db.exec("INSERT INTO capture_migrations VALUES ('meshtastic/9000_future.sql', 1)");
  db.close();
  await assert.rejects(
    open(path),
    (error) => error instanceof StorageError && error.reason === "newer_schema",
  );
});
