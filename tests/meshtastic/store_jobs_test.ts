import assert from "node:assert/strict";
import type { PacketDetails } from "../../src/meshtastic/record.ts";
import { type MeshtasticStoreOptions, openMeshtasticStore } from "../../src/meshtastic/store.ts";
import { openMeshtasticDatabase } from "../../src/meshtastic/open_store.ts";
import { retentionJob } from "../../src/meshtastic/retention_job.ts";
import { openDatabase } from "../../src/storage/open_database.ts";
import { Reader } from "../../src/storage/reader.ts";
import { Slices } from "../../src/storage/slices.ts";
import {
  emptyContext,
  testEnumNames,
  testRecord,
  testUpdate,
} from "../helpers/meshtastic_records.ts";
import { Scratch } from "../helpers/scratch.ts";
import { waitUntil } from "../helpers/wait.ts";

const NOW = 1_760_000_000_000;

function open(path: string, options: Partial<MeshtasticStoreOptions> = {}) {
  return openMeshtasticStore({ path, enumNames: testEnumNames, nowMs: NOW, ...options });
}

function rows(path: string, sql: string): Record<string, unknown>[] {
  using reader = new Reader(path);
  return reader.query(sql).map((row) => ({ ...row }));
}

function count(path: string, table: string): unknown {
  return rows(path, `SELECT count(*) AS n FROM ${table}`)[0]!["n"];
}

/** As a file of Malla's first versions, or one whose indexes were never built. */
function dropIndexes(path: string): void {
  using database = openDatabase(path);
  const names = database.db.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'packet_history'",
  ).all().map((row) => String(row["name"]));
  for (const name of names) database.db.exec(`DROP INDEX ${name}`);
}

const position = {
  kind: "position",
  latitude: 52.5,
  longitude: 13.4,
  altitude: 34,
  time: 1,
  timestamp: 2,
  precisionBits: 32,
  gpsAccuracy: 3,
  pdop: 4,
  hdop: 5,
  vdop: 6,
  satsInView: 7,
  fixQuality: 8,
  fixType: 9,
  groundSpeed: null,
  groundTrack: 10,
  nextUpdate: 11,
  seqNumber: 12,
} as const;

const details: PacketDetails[] = [
  {
    kind: "text",
    text: "hello",
    wantResponse: true,
    dest: 1,
    source: 2,
    requestId: 3,
    replyId: 4,
    emoji: 5,
    bitfield: 6,
    compressed: false,
  },
  position,
  { kind: "telemetry", variant: "device_metrics" },
  {
    kind: "traceroute",
    requestId: 99,
    originNodeId: 1,
    destinationNodeId: 2,
    hops: [
      { direction: "towards", index: 0, nodeId: 5, snr: 6.25 },
      { direction: "towards", index: 1, nodeId: 2, snr: null },
      { direction: "back", index: 0, nodeId: 1, snr: -3 },
    ],
  },
  {
    kind: "neighbors",
    originNodeId: 7,
    broadcastIntervalSecs: 900,
    neighbors: [
      { nodeId: 8, snr: 1.5, lastRxTime: 11, broadcastIntervalSecs: 0 },
      { nodeId: 9, snr: 2.5, lastRxTime: 12, broadcastIntervalSecs: 60 },
    ],
  },
  { kind: "paxcounter", wifi: 3, ble: 4, uptimeSeconds: 5 },
  { kind: "range_test", text: "seq 1" },
  {
    kind: "store_forward",
    requestResponse: "ROUTER_STATS",
    variant: "stats",
    messagesTotal: 1,
    messagesSaved: 2,
    messagesMax: 3,
    uptimeSeconds: 4,
    requestsTotal: 5,
    requestsHistory: 6,
    heartbeatFlag: 1,
    returnMax: 7,
    returnWindow: 8,
    historyMessages: null,
    historyWindow: null,
    historyLastRequest: null,
    heartbeatPeriod: null,
    heartbeatSecondary: null,
    textPayload: null,
  },
];

Deno.test("commit() writes meshpipe's tables where they are wanted", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const store = await open(path, { derivedTables: true });
  const batch = details.map((d, i) =>
    testRecord({ timestamp: NOW / 1000 + i, rssi: -80 - i }, { details: d })
  );
  batch.push(testRecord({ fromNodeId: null, parsingError: "no envelope" }));
  const { counts } = await store.commit(batch, emptyContext);
  assert.deepEqual(counts, {
    packets: 9,
    nodes: 0,
    link_history: 8,
    text_messages: 1,
    positions: 1,
    telemetry: 1,
    traceroute_hops: 3,
    neighbor_history: 2,
    paxcounter_samples: 1,
    range_test_results: 1,
    store_forward_events: 1,
  });
  await store.commit([testRecord({ timestamp: NOW / 1000 - 5, rssi: -1 })], emptyContext);
  await store.close(0);

  assert.deepEqual(
    rows(
      path,
      `SELECT direction, origin_node_id o, destination_node_id d, hop_index i,
      hop_node_id h, snr, request_id r, packet_id p FROM traceroute_hops ORDER BY id`,
    ),
    [
      { direction: "towards", o: 1, d: 2, i: 0, h: 5, snr: 6.25, r: 99, p: 4 },
      { direction: "towards", o: 1, d: 2, i: 1, h: 2, snr: null, r: 99, p: 4 },
      { direction: "back", o: 2, d: 1, i: 0, h: 1, snr: -3, r: 99, p: 4 },
    ],
  );
  assert.deepEqual(rows(path, "SELECT * FROM gateway_node_stats"), [{
    gateway_id: "!00000002",
    node_id: 0xa1b2c3d4,
    first_seen: NOW / 1000 - 5,
    last_seen: NOW / 1000 + 7,
    packets_total: 9,
    last_rssi: -1,
    last_snr: 5.25,
  }]);
  assert.deepEqual(
    rows(
      path,
      `SELECT node_id, latitude, longitude, hdop, fix_type, timestamp
      FROM latest_node_locations`,
    ),
    [{
      node_id: 0xa1b2c3d4,
      latitude: 52.5,
      longitude: 13.4,
      hdop: 5,
      fix_type: 9,
      timestamp: NOW / 1000 + 1,
    }],
  );
  assert.deepEqual(
    rows(path, "SELECT broadcast_interval b FROM neighbor_history ORDER BY id"),
    [{ b: 900 }, { b: 60 }],
  );
  assert.equal(rows(path, "SELECT packets_total n FROM gateway_diversity")[0]!["n"], 9);
  assert.equal(rows(path, "SELECT max_hops n FROM traceroute_longest_paths")[0]!["n"], 2);
});

Deno.test("commit() leaves meshpipe's tables empty in a file that was never meshpipe's", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const store = await open(path);
  await store.commit([testRecord({}, { details: position })], emptyContext);
  await store.close(0);
  assert.equal(count(path, "positions"), 0);
  assert.equal(count(path, "link_history"), 0);
});

for (const indexes of ["full", "minimal"] as const) {
  Deno.test(`retention deletes old packets with what hangs on them, and keeps nodes (${indexes})`, async () => {
    using scratch = new Scratch();
    const path = scratch.file("mesh.db");
    const store = await open(path, { indexes, retentionHours: 2, derivedTables: true });
    const hour = (h: number) => NOW / 1000 - h * 3600;
    const old = Array.from(
      { length: 1200 },
      (_, i) =>
        testRecord({ timestamp: hour(2) - 1 - i, gatewayId: "!0000000a" }, { details: position }),
    );
    const young = Array.from(
      { length: 30 },
      (_, i) =>
        testRecord({ timestamp: hour(2) + 1 + i }, { node: testUpdate(), details: position }),
    );
    await store.commit([...old, ...young], emptyContext);
    await store.runJobs(NOW);
    for (const table of ["packet_history", "positions", "link_history"]) {
      assert.equal(count(path, table), 30, table);
    }
    assert.equal(count(path, "gateway_node_stats"), 1);
    assert.equal(count(path, "node_info"), 1);
    assert.deepEqual(await store.integrityCheck(), []);
    // Time is what it is told: an hour earlier nothing would have gone.
    await store.runJobs(NOW - 3600_000);
    assert.equal(count(path, "packet_history"), 30);
    await store.runJobs(NOW + 3 * 3600_000);
    assert.equal(count(path, "packet_history"), 0);
    await store.close(0);
  });
}

Deno.test("maintenance and close() give free pages back to the file system", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const store = await open(path, { retentionHours: 1 });
  const blob = () => crypto.getRandomValues(new Uint8Array(4000));
  const batch = Array.from({ length: 500 }, () => testRecord({ rawPayload: blob() }));
  await store.commit(batch, emptyContext);
  const before = await store.stats();
  assert.ok(before.walBytes > 0);
  await store.runJobs(NOW + 7200_000);
  const after = await store.stats();
  assert.ok(after.databaseBytes < before.databaseBytes / 2);
  assert.equal(after.freeBytes, 0);
  await store.close(1000);
  assert.ok(Deno.statSync(path).size < 1_000_000);
  assert.equal(
    rows(path, "SELECT count(*) n FROM sqlite_master WHERE name = 'sqlite_stat1'")[0]!["n"],
    1,
  );
});

Deno.test("retention follows no clock that is in the future for a while, not even after a restart", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const hour = 3_600_000;
  const years = 10 * 365 * 24 * hour;
  const seconds = NOW / 1000;
  const first = await open(path, { retentionHours: 24 });
  const idle = async (store: typeof first) => {
    await waitUntil(async () => (await store.stats()).pendingJobs.length === 0, "jobs are done");
  };
  const ages = async (store: typeof first) => {
    await idle(store);
    return rows(path, "SELECT timestamp FROM packet_history ORDER BY timestamp")
      .map((row) => seconds - Number(row["timestamp"]));
  };
  await first.commit(
    [testRecord({ timestamp: seconds - 3600 }), testRecord({ timestamp: seconds - 90_000 })],
    emptyContext,
  );
  await first.tick(NOW, 0);
  assert.deepEqual(await ages(first), [3600], "an ordinary clock is gone by");
  await first.tick(NOW + years, hour);
  assert.deepEqual(await ages(first), [3600]);
  await first.close(0);

  const second = await open(path, { retentionHours: 24 });
  await second.tick(NOW + years, 0);
  assert.deepEqual(await ages(second), [3600]);
  // A machine without a clock, before it knows the time.
  await second.tick(60_000, hour);
  assert.deepEqual(await ages(second), [3600]);
  // And back; what grows old goes in its time.
  await second.tick(NOW + 2 * hour, 2 * hour);
  assert.deepEqual(await ages(second), [3600]);
  await second.tick(NOW + 22 * hour, 22 * hour);
  assert.deepEqual(await ages(second), [3600]);
  await second.tick(NOW + 23 * hour + 1000, 23 * hour);
  assert.deepEqual(await ages(second), []);
  await second.close(0);
});

Deno.test("retention keeps packets of before the clock was set until those that followed are old", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const store = await open(path, { retentionHours: 24 });
  const seconds = NOW / 1000;
  const at = (timestamp: number) => store.commit([testRecord({ timestamp })], emptyContext);
  const left = () =>
    rows(path, "SELECT timestamp AS t FROM packet_history ORDER BY id").map(({ t }) => t);
  await at(60);
  await at(seconds);
  await at(seconds + 3600);
  // Another start without the time.
  await at(90);
  await store.runJobs(NOW);
  assert.deepEqual(left(), [60, seconds, seconds + 3600, 90]);
  await store.runJobs(NOW + 24.5 * 3_600_000);
  assert.deepEqual(left(), [seconds + 3600, 90]);
  await store.close(0);
});

for (const indexes of ["full", "minimal"] as const) {
  Deno.test(`retention deletes packets of a time to come with those that followed (${indexes})`, async () => {
    using scratch = new Scratch();
    const path = scratch.file("mesh.db");
    const store = await open(path, { indexes, retentionHours: 24 });
    const seconds = NOW / 1000;
    const future = Date.UTC(2100, 0, 1) / 1000;
    const at = (...times: number[]) =>
      store.commit(times.map((timestamp) => testRecord({ timestamp })), emptyContext);
    const left = () =>
      rows(path, "SELECT timestamp AS t FROM packet_history ORDER BY id").map(({ t }) => t);
    await at(...Array.from({ length: 1000 }, (_, i) => future + i));
    await at(seconds, future, seconds + 3600);
    await store.runJobs(NOW);
    assert.equal(left().length, 1003);
    await store.runJobs(NOW + 24.5 * 3_600_000);
    assert.deepEqual(left(), [future, seconds + 3600]);
    await store.close(0);
  });
}

Deno.test("retention by a replay's time takes nothing for a time to come that is none", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const store = await open(path, { retentionHours: 24 });
  const live = Math.floor(Date.now() / 1000) - 3600;
  const replayed = live - 400 * 86_400;
  for (const timestamp of [live, replayed]) {
    await store.commit([testRecord({ timestamp })], emptyContext);
  }
  await store.runJobs((replayed + 2 * 86_400) * 1000);
  assert.equal(rows(path, "SELECT timestamp FROM packet_history")[0]!["timestamp"], live);
  await store.close(0);
});

Deno.test("retention deletes less at a time when its transactions take long", async () => {
  using scratch = new Scratch();
  const store = await open(scratch.file("mesh.db"));
  const old = Array.from({ length: 3000 }, () => testRecord({ timestamp: NOW / 1000 - 7200 }));
  await store.commit(old, emptyContext);
  await store.close(0);
  using database = openDatabase(scratch.file("mesh.db"));
  let now = 0;
  const left = () =>
    Number(database.db.prepare("SELECT count(*) n FROM packet_history").get()!["n"]);
  // Each look at the clock costs nothing; a transaction takes 3 ms a row.
  let before = left();
  const slices = new Slices({
    now: () => {
      now += (before - left()) * 3;
      before = left();
      return now;
    },
  });
  const job = retentionJob(database.db, 1, 0, slices);
  let longest = 0;
  for (;;) {
    const began = now;
    const result = job.step(40, NOW);
    longest = Math.max(longest, now - began);
    if (result === "done") break;
  }
  assert.equal(left(), 0);
  assert.ok(longest <= 100, `${longest} ms`);
});

for (const indexes of ["full", "minimal"] as const) {
  Deno.test(`retention waits for an index by time, which is built first of all (${indexes})`, async () => {
    using scratch = new Scratch();
    const path = scratch.file("mesh.db");
    const store = await open(path, { indexes });
    const old = Array.from({ length: 30 }, () => testRecord({ timestamp: NOW / 1000 - 7200 }));
    await store.commit(old, emptyContext);
    await store.close(0);
    dropIndexes(path);

    const { database, jobs: [build, retention] } = openMeshtasticDatabase({
      path,
      settings: {},
      indexes,
      retentionHours: 1,
      enumNames: testEnumNames,
      nowSeconds: NOW / 1000,
    });
    // Of some rows only, as one of Malla's: it would not find the others.
    database.db.exec(
      "CREATE INDEX partial ON packet_history(timestamp) WHERE hop_start = hop_limit",
    );
    assert.equal(retention!.step(40, NOW), "done");
    assert.equal(count(path, "packet_history"), 30);
    assert.equal(build!.step(40, NOW), "more");
    while (retention!.step(40, NOW) === "more");
    assert.equal(count(path, "packet_history"), 0);
    database[Symbol.dispose]();
  });
}

Deno.test("close() does not wait for a reader's snapshot", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const store = await open(path);
  await store.commit([testRecord(), testRecord()], emptyContext);
  using reader = new Reader(path);
  const iterator = reader.iterate("SELECT * FROM packet_history");
  iterator.next();
  await store.commit([testRecord()], emptyContext);
  const start = performance.now();
  await store.close(100);
  assert.ok(performance.now() - start < 5000);
  iterator.return(undefined);
});

Deno.test("a killed process leaves whole commits, records and ledger alike", async () => {
  using scratch = new Scratch();
  const path = scratch.file("mesh.db");
  const child = new Deno.Command("deno", {
    args: [
      ...["run", "--quiet", "--no-lock", "--no-check", "--unstable-worker-options"],
      ...["--unstable-raw-imports", "--allow-read", `--allow-write=${scratch.path}`],
      new URL("./kill_target.ts", import.meta.url).pathname,
      path,
    ],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  let told = 0;
  // One byte a commit that was reported; kill in the middle of the next ones.
  while (told < 5) told += (await reader.read()).value?.length ?? 100;
  child.kill("SIGKILL");
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    told += part.value.length;
  }
  await child.status;

  const store = await open(path);
  const { entries } = await store.loadSource("home", "x");
  assert.deepEqual(await store.integrityCheck(), []);
  await store.close(0);
  const packets = Number(count(path, "packet_history"));
  assert.equal(packets % 300, 0);
  assert.equal(entries.length / 10, packets);
  const commits = packets / 300;
  assert.ok(commits >= told && commits <= told + 3, `${commits} commits, ${told} told`);
});
