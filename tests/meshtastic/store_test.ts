import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../src/capture/network.ts";
import { type MeshtasticStoreOptions, openMeshtasticStore } from "../../src/meshtastic/store.ts";
import { Reader } from "../../src/storage/reader.ts";
import {
  emptyContext,
  testEnumNames,
  testRecord,
  testUpdate,
} from "../helpers/meshtastic_records.ts";
import { Scratch } from "../helpers/scratch.ts";

const NOW = 1_760_000_000_000;

function open(path: string, options: Partial<MeshtasticStoreOptions> = {}) {
  return openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: NOW, ...options });
}

function rows(path: string, sql: string): Record<string, unknown>[] {
  using reader = new Reader(path);
  return reader.query(sql).map((row) => ({ ...row }));
}

for (const indexes of ["full", "minimal"] as const) {
  Deno.test(`openMeshtasticStore() keeps records, nodes and gateways with ${indexes} indexes`, async () => {
    using scratch = new Scratch();
    const path = scratch.file("deep/er/mesh.db");
    const store = await open(path, { indexes });
    assert.equal(store.info.origin, "new");
    const summary = await store.commit([
      testRecord({}, { node: testUpdate(), gatewayNodeId: 2 }),
      testRecord({ rawPayload: new Uint8Array(0), payloadLength: 0, portnumName: null }),
    ], emptyContext);
    assert.equal(summary.counts["packets"], 2);
    assert.equal(summary.counts["nodes"], 2);
    await store.close(500);

    const [first, second] = rows(path, "SELECT * FROM packet_history ORDER BY id");
    assert.deepEqual({ ...first, raw_payload: [...first!["raw_payload"] as Uint8Array] }, {
      id: 1,
      timestamp: 1_760_000_000.25,
      topic: "msh/EU_868/2/e/LongFast/!00000002",
      from_node_id: 0xa1b2c3d4,
      to_node_id: 0xffffffff,
      portnum: 1,
      portnum_name: "TEXT_MESSAGE_APP",
      gateway_id: "!00000002",
      channel_id: "LongFast",
      channel_name: "LongFast",
      mesh_packet_id: 7,
      rssi: -90,
      snr: 5.25,
      hop_limit: 3,
      hop_start: 3,
      payload_length: 5,
      raw_payload: [104, 101, 108, 108, 111],
      processed_successfully: 1,
      via_mqtt: 0,
      want_ack: 1,
      priority: 0,
      delayed: 0,
      channel_index: 8,
      rx_time: 1_760_000_000,
      pki_encrypted: 0,
      next_hop: 0,
      relay_node: 0xd4,
      tx_after: 0,
      message_type: "e",
      raw_service_envelope: new Uint8Array([1, 2, 3]),
      parsing_error: null,
      transport: 0,
      qos: 1,
      retained: 0,
      capture_source: "home",
      capture_key: "hash:default",
    });
    assert.deepEqual([...second!["raw_payload"] as Uint8Array], []);
    assert.equal(second!["portnum_name"], null);
    const types = rows(
      path,
      "SELECT typeof(from_node_id) a, typeof(want_ack) b FROM packet_history",
    );
    assert.deepEqual(types[0], { a: "integer", b: "integer" });

    const nodes = rows(path, "SELECT * FROM node_info ORDER BY node_id");
    assert.equal(nodes.length, 2);
    assert.equal(nodes[0]!["hex_id"], "!00000002");
    assert.equal(nodes[0]!["long_name"], null);
    assert.equal(nodes[1]!["hw_model"], "HELTEC_V3");
    assert.equal(nodes[1]!["hw_model_name"], "Heltec V3");
    assert.equal(nodes[1]!["hex_id"], "!a1b2c3d4");

    const names = rows(
      path,
      "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ('packet_history', 'node_info')",
    );
    assert.equal(names.length, indexes === "full" ? 20 : 4);
    for (const view of rows(path, "SELECT name FROM sqlite_master WHERE type = 'view'")) {
      rows(path, `SELECT * FROM ${view["name"]}`);
    }
  });
}

Deno.test("openMeshtasticStore() sets the pragmas of a new file", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  await using _store = await open(path);
  assert.equal(rows(path, "PRAGMA journal_mode")[0]!["journal_mode"], "wal");
  assert.equal(rows(path, "PRAGMA auto_vacuum")[0]!["auto_vacuum"], 2);
});

Deno.test("commit() writes nothing and names the records when the database refuses some", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  await using store = await open(path);
  const bad = testRecord({ timestamp: null as unknown as number });
  const unbindable = testRecord({ rssi: undefined as unknown as number });
  const batch = [testRecord(), bad, testRecord({}, { node: testUpdate() }), unbindable];
  await assert.rejects(store.commit(batch, emptyContext), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.reason, "refused");
    assert.equal(error.retryable, false);
    assert.deepEqual(error.refused.map(({ index }) => index), [1, 3]);
    assert.match(error.refused[0]!.error, /NOT NULL/);
    return true;
  });
  assert.equal(rows(path, "SELECT count(*) n FROM packet_history")[0]!["n"], 0);
  assert.equal(rows(path, "SELECT count(*) n FROM node_info")[0]!["n"], 0);

  const message = {
    source: "home",
    topic: "t",
    payload: new Uint8Array([9]),
    receivedAt: NOW,
    qos: 1 as const,
    retained: false,
    redelivered: false,
  };
  const quarantine = [1, 3].map((record) => ({ message, error: "NOT NULL", record }));
  const summary = await store.commit(batch, { ...emptyContext, quarantine });
  assert.equal(summary.counts["packets"], 2);
  assert.equal(summary.counts["nodes"], 1);
  assert.equal(rows(path, "SELECT count(*) n FROM capture_quarantine")[0]!["n"], 2);
});

Deno.test("commit() reports a lock of another program as retryable and works afterwards", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  await using store = await open(path, { settings: { commitBusyTimeoutMs: 50 } });
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  const batch = [testRecord({}, { node: testUpdate() })];
  await assert.rejects(
    store.commit(batch, emptyContext),
    (error) => error instanceof StorageError && error.reason === "locked" && error.retryable,
  );
  other.exec("ROLLBACK");
  other.close();
  const summary = await store.commit(batch, emptyContext);
  assert.deepEqual(summary.counts, { packets: 1, nodes: 1, text_messages: 1 });
});

Deno.test("openMeshtasticStore() refuses a second writer and lets it in when the first is gone", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const first = await open(path);
  await assert.rejects(
    open(path),
    (error) => error instanceof StorageError && error.reason === "in_use",
  );
  await first.commit([testRecord()], emptyContext);
  await first.close(0);
  await (await open(path)).close(0);
});

Deno.test("ledger, session, retained digests and gaps come back after a restart", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const store = await open(path);
  const fresh = await store.loadSource("home", "mc-1");
  assert.deepEqual(
    { clientId: fresh.clientId, session: fresh.session, entries: fresh.entries.length },
    { clientId: "mc-1", session: 0, entries: 0 },
  );
  assert.equal(fresh.heardUntil, undefined);
  await store.beginSession("home", 4);
  const entries = new Uint8Array(20).map((_, i) => i);
  const digest = 0xffee_ddcc_bbaa_9988n;
  await store.commit([testRecord()], {
    ...emptyContext,
    ledger: [{ source: "home", session: 4, entries }, { source: "home", session: 3, entries }],
    retained: [["home", "a/b", digest]],
    heardUntil: [["home", NOW + 500]],
  });
  await store.recordGaps([{ source: "home", from: NOW, to: NOW + 1500, reason: "qos0" }]);
  await store.close(0);

  const again = await open(path);
  const state = await again.loadSource("home", "other");
  assert.equal(state.clientId, "mc-1");
  assert.equal(state.session, 4);
  assert.deepEqual([...state.entries], [...entries]);
  assert.deepEqual([...state.retained], [["a/b", digest]]);
  assert.equal(state.heardUntil, NOW + 500);
  await again.beginSession("home", 5);
  assert.equal((await again.loadSource("home", "x")).entries.length, 0);
  await again.close(0);
  assert.deepEqual(rows(path, "SELECT source, from_time, to_time, reason FROM capture_gaps"), [
    { source: "home", from_time: NOW / 1000, to_time: NOW / 1000 + 1.5, reason: "qos0" },
  ]);
});

for (const derivedTables of [false, true]) {
  const words = derivedTables ? "with" : "without";
  Deno.test(`commit() counts texts, positions and telemetry ${words} meshpipe's tables`, async () => {
    using scratch = new Scratch();
    const store = await open(scratch.file("mesh.db"), { derivedTables });
    const { counts } = await store.commit([
      testRecord(),
      testRecord({ portnum: 7 }),
      testRecord({ portnum: 3 }),
      testRecord({ portnum: 67 }),
      testRecord({ portnum: 67, parsingError: "payload: not a Telemetry" }),
      testRecord({ portnum: 4 }),
      testRecord({ portnum: null }),
    ], emptyContext);
    assert.deepEqual([counts["text_messages"], counts["positions"], counts["telemetry"]], [
      2,
      1,
      1,
    ]);
    assert.deepEqual(
      (await store.commit([testRecord()], emptyContext)).counts["positions"],
      undefined,
    );
    await store.close(0);
  });
}
