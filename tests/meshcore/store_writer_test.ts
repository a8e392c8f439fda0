import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { StorageError } from "../../src/capture/network.ts";
import type { MetricsSample } from "../../src/meshcore/record.ts";
import { openMeshcoreStore } from "../../src/meshcore/store.ts";
import { Reader } from "../../src/storage/reader.ts";
import { Scratch } from "../helpers/scratch.ts";
import {
  advert,
  companion,
  emptyContext,
  key,
  NOW,
  packet,
  reception,
  refused,
  sighting,
  status,
} from "./records.ts";
import { TestStore } from "./test_store.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

function withStore(work: (store: TestStore, path: string) => void) {
  using scratch = new Scratch("mc-store");
  const path = scratch.file("meshcore.db");
  using store = new TestStore(path);
  work(store, path);
}

Deno.test("commit() counts what it did, for metrics and the statistics file", () =>
  withStore((store) => {
    const { counts } = store.commit(
      packet(),
      packet(),
      advert({}, { hash: "00000000000000ab" }),
      advert({}, { hash: "00000000000000ab", hops: ["AB"] }),
      status({ metrics: sample({ noiseFloor: -100 }) }),
      refused(),
      reception(),
    );
    assert.deepEqual(counts, {
      transmissions: 2,
      transmission_duplicates: 2,
      observations: 3,
      observation_updates: 1,
      nodes: 1,
      node_upserts: 2,
      observers: 1,
      observer_upserts: 5,
      observer_metrics: 1,
      dropped_packets: 1,
      refused_packets: 0,
      client_receptions: 1,
      client_receptions_refused: 0,
    });
    assert.equal(store.commit(packet()).counts["transmissions"], 0);
  }));

Deno.test("commit() keeps the first copy of a packet and an observation for each observer and path", () =>
  withStore((store) => {
    const { counts } = store.commit(
      packet(),
      packet({ sent: { rawHex: "0D01BB", routeType: 2 }, observer: sighting("OTHER") }),
      packet({ hops: ["AB"], receivedAt: NOW + MINUTE }),
    );
    assert.equal(counts["transmissions"], 1);
    assert.equal(counts["transmission_duplicates"], 2);
    assert.equal(counts["observations"], 3);
    const sent = store.row("SELECT * FROM transmissions");
    assert.equal(sent.raw_hex, "0D0000000000000000aa");
    assert.equal(sent.route_type, 1);
    assert.equal(sent.first_seen, "2025-10-09T08:53:20Z");
    assert.equal(sent.last_seen, NOW / 1000 + 60);
    assert.equal(sent.created_at, "2025-10-09 08:53:20");
    assert.deepEqual(store.rows("SELECT DISTINCT raw_hex FROM packets_v ORDER BY 1"), [
      { raw_hex: "0D0000000000000000aa" },
    ]);
  }));

Deno.test("commit() overwrites an observation's figures, and keeps its first time and direction", () =>
  withStore((store) => {
    store.commit(packet({ seen: { snr: 1, rssi: -100, score: 7 } }));
    const { counts } = store.commit(packet({
      receivedAt: NOW + MINUTE,
      seen: { snr: 2, rssi: null, direction: "tx", score: null, rawHex: "0DFF" },
    }));
    assert.equal(counts["observation_updates"], 1);
    assert.equal(counts["observations"], 0);
    const { direction, snr, rssi, score, timestamp, raw_hex } = store.row(
      "SELECT * FROM observations",
    );
    assert.deepEqual([direction, snr, rssi, score, timestamp, raw_hex], [
      "rx",
      2,
      -100,
      7,
      NOW / 1000,
      "0DFF",
    ]);
  }));

Deno.test("commit() learns an observation's direction from the message that says it", () =>
  withStore((store) => {
    // The raw topic comes first, and has no direction.
    store.commit(packet({ seen: { direction: null } }));
    store.commit(packet());
    assert.equal(store.value("SELECT direction FROM observations"), "rx");
    store.commit(packet({ seen: { direction: null } }), packet({ seen: { direction: "tx" } }));
    assert.deepEqual(store.rows("SELECT direction FROM observations"), [{ direction: "rx" }]);
  }));

Deno.test("commit() never takes two observations without an observer for one", () =>
  withStore((store) => {
    store.commit(packet({ observer: null }), packet({ observer: null }));
    assert.equal(store.value("SELECT count(*) FROM observations WHERE observer_idx IS NULL"), 2);
  }));

Deno.test("commit() lowers first_seen when an earlier reception comes late", () =>
  withStore((store) => {
    store.commit(packet());
    store.commit(packet({ receivedAt: NOW - MINUTE, observer: sighting("SLOW") }));
    assert.equal(store.value("SELECT first_seen FROM transmissions"), "2025-10-09T08:52:20Z");
    assert.equal(store.value("SELECT last_seen FROM transmissions"), NOW / 1000);
  }));

Deno.test("commit() gives the first packet of a new observer its observer (fault G2)", () =>
  withStore((store) => {
    store.commit(packet({ observer: sighting("NEW") }));
    assert.equal(
      store.value(
        `SELECT observers.id FROM observations
         JOIN observers ON observers.rowid = observations.observer_idx`,
      ),
      "NEW",
    );
  }));

Deno.test("commit() counts messages of an observer and keeps what it does not say again", () =>
  withStore((store) => {
    store.commit(status({ model: "RAK", radio: "910", batteryMv: 3700, canRelay: false }));
    store.commit(
      status({ firmware: "1.16", receivedAt: NOW + MINUTE }),
      packet({ receivedAt: NOW + 2 * MINUTE }),
    );
    const row = store.row("SELECT * FROM observers");
    assert.deepEqual(
      [row.packet_count, row.model, row.radio, row.battery_mv, row.firmware],
      [3, "RAK", "910", 3700, "1.16"],
    );
    assert.deepEqual([row.can_relay, row.can_relay_seen], [0, 1]);
    assert.equal(row.first_seen, "2025-10-09T08:53:20Z");
    assert.equal(row.last_seen, "2025-10-09T08:55:20Z");
    assert.equal(row.last_packet_at, "2025-10-09T08:55:20Z");
  }));

Deno.test("commit() takes no retained and no offline status for a sign of life (fault G7)", () =>
  withStore((store) => {
    store.commit(status());
    store.opened.database.db.exec("UPDATE observers SET inactive = 1");
    store.commit(
      status({ alive: false, retained: true, receivedAt: NOW + DAY }),
      status({ alive: false, status: "offline", receivedAt: NOW + DAY }),
      packet({ retained: true, receivedAt: NOW + DAY }),
    );
    const row = store.row("SELECT * FROM observers");
    assert.deepEqual([row.last_seen, row.inactive, row.last_packet_at], [
      "2025-10-09T08:53:20Z",
      1,
      null,
    ]);
    store.commit(status({ receivedAt: NOW + DAY }));
    assert.equal(store.value("SELECT inactive FROM observers"), 0);
  }));

Deno.test("commit() knows an observer that was never alive, but not as seen (fault G7)", () =>
  withStore((store) => {
    const metrics = sample({ noiseFloor: -100 });
    store.commit(status({ alive: false, retained: true, model: "RAK", metrics }));
    const row = store.row("SELECT * FROM observers");
    assert.deepEqual([row.model, row.last_seen, row.inactive], ["RAK", null, 0]);
    assert.equal(store.value("SELECT count(*) FROM observer_metrics"), 0);
  }));

Deno.test("commit() takes no figures of a retained status, for they are of an unknown time (fault G7)", () =>
  withStore((store) => {
    const figures = { batteryMv: 3000, noiseFloor: -80, uptimeSecs: 9 };
    const retained = status({
      ...figures,
      alive: false,
      retained: true,
      firmware: "1.16",
      metrics: sample({ noiseFloor: -80, batteryMv: 3000 }),
    });
    const read = () =>
      Object.values(
        store.row("SELECT battery_mv, noise_floor, uptime_secs, firmware FROM observers"),
      );
    store.commit(retained);
    assert.deepEqual(read(), [null, null, null, "1.16"]);
    store.commit(status({ batteryMv: 3700, noiseFloor: -110, uptimeSecs: 60 }), retained);
    assert.deepEqual(read(), [3700, -110, 60, "1.16"]);
    assert.equal(store.value("SELECT count(*) FROM observer_metrics"), 0);
  }));

Deno.test("commit() never wipes the name of a node or an observer (fault G8)", () =>
  withStore((store) => {
    store.commit(advert(), advert({ name: null }, { hash: "00000000000000ab" }));
    store.commit(
      advert({ name: null }, {
        hash: "00000000000000ac",
        observer: sighting("OBS", { name: null }),
      }),
      status({ observer: sighting("OBS", { name: null, iata: null }) }),
    );
    assert.equal(store.value("SELECT name FROM nodes"), "Hill");
    assert.deepEqual(store.row("SELECT name, iata FROM observers"), { name: "Roof", iata: "SJC" });
  }));

Deno.test("commit() adds a partial status to the metrics of its interval (fault G9)", () =>
  withStore((store) => {
    store.commit(status({ metrics: sample({ noiseFloor: -110, batteryMv: 3700 }) }));
    store.commit(status({ metrics: sample({ noiseFloor: -111, packetsSent: 9 }) }));
    store.commit(
      status({ metrics: sample({ txAirSecs: 5 }), receivedAt: NOW + 5 * MINUTE }),
    );
    const rows = store.rows("SELECT * FROM observer_metrics ORDER BY timestamp");
    assert.deepEqual(
      rows.map((row) => [row.timestamp, row.noise_floor, row.battery_mv, row.packets_sent]),
      // 08:53:20 is nearer to 08:55 than to 08:50.
      [["2025-10-09T08:55:00Z", -111, 3700, 9], ["2025-10-09T09:00:00Z", null, null, null]],
    );
  }));

Deno.test("commit() counts an advert once, and overwrites what it says", () =>
  withStore((store) => {
    store.commit(advert({ batteryMv: 3600, defaultScope: "#bay" }), advert());
    store.commit(advert(
      { name: "Peak", role: "room", lat: null, lon: null, temperatureC: 21.5 },
      { hash: "00000000000000ab", receivedAt: NOW + MINUTE },
    ));
    const row = store.row("SELECT * FROM nodes");
    assert.deepEqual(
      [row.name, row.role, row.lat, row.lon, row.battery_mv, row.temperature_c, row.default_scope],
      ["Peak", "room", 37.5, -122.1, 3600, 21.5, "#bay"],
    );
    assert.deepEqual(
      [row.advert_count, row.first_seen, row.last_seen],
      [2, "2025-10-09T08:53:20Z", "2025-10-09T08:54:20Z"],
    );
  }));

Deno.test("commit() believes no advert that a later one has replaced (fault G20)", () =>
  withStore((store) => {
    const old = advert({ name: "Old" });
    const later = advert({ name: "New", lat: 1, lon: 2 }, { hash: "00000000000000ab" });
    store.commit(old);
    store.commit(later, old);
    store.commit({ ...old, receivedAt: NOW + MINUTE });
    const row = store.row("SELECT * FROM nodes");
    assert.deepEqual([row.name, row.lat, row.advert_count], ["New", 1, 2]);
    assert.equal(row.last_seen, "2025-10-09T08:54:20Z");
  }));

Deno.test("commit() calls a node foreign until it is seen inside the area (fault G20)", () =>
  withStore((store) => {
    const foreign = () => store.value("SELECT foreign_advert FROM nodes");
    store.commit(advert({ foreign: true }));
    assert.equal(foreign(), 1);
    store.commit(advert({ lat: null, lon: null }, { hash: "00000000000000ab" }));
    store.commit(advert({ lat: 0, lon: 0 }, { hash: "00000000000000ac" }));
    assert.equal(foreign(), 1);
    store.commit(advert({}, { hash: "00000000000000ad" }));
    assert.equal(foreign(), 0);
  }));

Deno.test("commit() brings a node back with all that was known of it (fault G16)", () =>
  withStore((store) => {
    store.commit(advert({ batteryMv: 3600 }));
    store.backend.runJobs(NOW + 8 * DAY);
    assert.equal(store.value("SELECT count(*) FROM inactive_nodes"), 1);
    assert.equal(store.value("SELECT count(*) FROM nodes"), 0);
    store.commit(advert({ name: null }, { hash: "00000000000000ab", receivedAt: NOW + 9 * DAY }));
    assert.equal(store.value("SELECT count(*) FROM inactive_nodes"), 0);
    const row = store.row("SELECT * FROM nodes");
    assert.deepEqual(
      [row.name, row.battery_mv, row.advert_count, row.first_seen, row.last_seen],
      ["Hill", 3600, 2, "2025-10-09T08:53:20Z", "2025-10-18T08:53:20Z"],
    );
  }));

Deno.test("commit() records the skew of an observer's clock, and counts it for a day", () =>
  withStore((store) => {
    const skewed = (at: number) => packet({ clockSkewSeconds: -7200, receivedAt: at });
    store.commit(skewed(NOW), skewed(NOW + MINUTE), packet());
    const read = () =>
      Object.values(store.row(
        `SELECT clock_skew_seconds, clock_skew_count_24h, clock_last_naive_at FROM observers`,
      ));
    assert.deepEqual(read(), [-7200, 2, "2025-10-09T08:54:20Z"]);
    store.commit(skewed(NOW + 2 * DAY));
    assert.deepEqual(read(), [-7200, 1, "2025-10-11T08:53:20Z"]);
  }));

Deno.test("commit() keeps what was refused, whatever the reason (fault G20)", () =>
  withStore((store) => {
    const undecodable = refused({
      reason: "undecodable",
      fault: "too_short",
      text: "too short: 1 bytes",
      hash: null,
      observer: null,
    });
    const { counts } = store.commit(refused(), undecodable);
    assert.equal(counts["dropped_packets"], 1);
    assert.equal(counts["refused_packets"], 1);
    assert.deepEqual(store.rows("SELECT reason, observer_id, dropped_at FROM dropped_packets"), [
      { reason: "invalid signature", observer_id: "OBS", dropped_at: "2025-10-09 08:53:20" },
    ]);
    assert.deepEqual(
      store.rows(
        "SELECT reason, fault, text, observer_id, refused_at FROM capture_refused_packets",
      ),
      [{
        reason: "undecodable",
        fault: "too_short",
        text: "too short: 1 bytes",
        observer_id: null,
        refused_at: NOW / 1000,
      }],
    );
    assert.equal(store.value("SELECT count(*) FROM observers"), 0);
  }));

Deno.test("commit() keeps client receptions once a second, and none of a forged advert (fault G24)", () =>
  withStore((store) => {
    const { counts } = store.commit(
      reception(),
      reception({ rssi: 1 }),
      reception({ heardAt: NOW / 1000 + 1, clientName: null, signatureValid: null }),
      reception({ heardKey: key("dd"), signatureValid: false }),
    );
    assert.equal(counts["client_receptions"], 2);
    assert.equal(counts["client_receptions_refused"], 1);
    assert.deepEqual(store.rows("SELECT rssi, rx_at, ingested_at, src FROM client_receptions"), [
      {
        rssi: -91,
        rx_at: "2025-10-09T08:53:20Z",
        ingested_at: "2025-10-09T08:53:20Z",
        src: "advert",
      },
      {
        rssi: -91,
        rx_at: "2025-10-09T08:53:21Z",
        ingested_at: "2025-10-09T08:53:20Z",
        src: "advert",
      },
    ]);
    assert.deepEqual(store.rows("SELECT name FROM client_observers"), [{ name: "Walker" }]);
  }));

Deno.test("commit() takes a companion's message that is delivered again for the same packet (fault G19)", () =>
  withStore((store) => {
    store.commit(companion("00000000000000cc"));
    store.commit(companion("00000000000000cc", { receivedAt: NOW + MINUTE }));
    assert.equal(store.value("SELECT count(*) FROM transmissions"), 1);
    assert.equal(store.value("SELECT count(*) FROM observers"), 0);
    assert.equal(store.value("SELECT count(*) FROM observations WHERE raw_hex IS NULL"), 2);
  }));

Deno.test("commit() refuses a record alone, and forgets what it wrote for it", () =>
  withStore((store) => {
    // deno-lint-ignore no-explicit-any
    const bad = packet({ hash: "00000000000000bd", sent: { decodedJson: {} as any } });
    const good = packet({ hash: "00000000000000ab", observer: sighting("LATE") });
    assert.throws(
      () => store.commit(bad, good),
      (error) => error instanceof StorageError && error.reason === "refused",
    );
    assert.equal(store.value("SELECT count(*) FROM observers"), 0);
    store.commit(good);
    assert.equal(store.value("SELECT count(*) FROM observations WHERE observer_idx NOT NULL"), 1);
    assert.deepEqual(store.rows("PRAGMA foreign_key_check"), []);
  }));

Deno.test("commit() notices rows that another program has deleted", () =>
  withStore((store, path) => {
    store.commit(packet());
    const other = new DatabaseSync(path);
    other.exec("DELETE FROM observations; DELETE FROM transmissions; DELETE FROM observers");
    other.close();
    store.commit(packet());
    assert.equal(store.value("SELECT count(*) FROM packets_v WHERE observer_id = 'OBS'"), 1);
  }));

Deno.test("openMeshcoreStore() commits in its thread what can be read when it is closed", async () => {
  using scratch = new Scratch("mc-store");
  const path = scratch.file("deep/er/meshcore.db");
  const store = await openMeshcoreStore({ path, nowMs: NOW });
  assert.equal(store.info.origin, "new");
  const { counts } = await store.commit([packet(), advert(), status()], emptyContext);
  assert.equal(counts["observations"], 1);
  await store.tick(NOW);
  await store.close(0);
  using reader = new Reader(path);
  assert.equal(reader.query<{ n: number }>("SELECT count(*) AS n FROM nodes")[0]!.n, 1);
  assert.deepEqual(reader.query("PRAGMA auto_vacuum").map((row) => ({ ...row as object })), [
    { auto_vacuum: 2 },
  ]);
});

function sample(rest: Partial<MetricsSample>): MetricsSample {
  return {
    noiseFloor: null,
    txAirSecs: null,
    rxAirSecs: null,
    recvErrors: null,
    batteryMv: null,
    packetsSent: null,
    packetsRecv: null,
    ...rest,
  };
}
