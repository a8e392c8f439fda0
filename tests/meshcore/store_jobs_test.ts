import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { NeighbourGraph, PathResolver, PrefixIndex } from "../../src/meshcore/path_resolver.ts";
import { pruneRequestsJob } from "../../src/meshcore/prune_requests_job.ts";
import { Scratch } from "../helpers/scratch.ts";
import { advert, key, NOW, packet, reception, refused, sighting, status } from "./records.ts";
import { KEEP_FOR_EVER, testParts, TestStore } from "./test_store.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

function withStore(
  parts: ConstructorParameters<typeof TestStore>[1],
  work: (store: TestStore, path: string) => void,
) {
  using scratch = new Scratch("mc-jobs");
  const path = scratch.file("meshcore.db");
  using store = new TestStore(path, parts);
  work(store, path);
  assert.deepEqual(store.failures, []);
}

/** Nodes of these beginnings, each with an advert of its own. */
function nodes(...prefixes: readonly string[]) {
  return prefixes.map((prefix, i) =>
    advert({ publicKey: key(prefix), name: prefix }, {
      hash: `0000000000000${(0x100 + i).toString(16)}`,
      observer: null,
      hops: ["FF"],
    })
  );
}

const edges = (store: TestStore) =>
  store.rows("SELECT node_a, node_b, count, last_seen FROM neighbor_edges ORDER BY 1, 2")
    .map((row) => [row.node_a.slice(0, 4), row.node_b.slice(0, 4), row.count, row.last_seen]);

Deno.test("neighbours joins sender and first hop, observer and last hop, by what is unambiguous", () =>
  withStore({}, (store) => {
    store.commit(...nodes("a1", "a2", "b1", "b2", "c1"));
    store.backend.runJobs(NOW);
    assert.deepEqual(edges(store), []);
    const observer = sighting(key("D1").toUpperCase());
    store.commit(
      // Heard directly.
      advert({ publicKey: key("c1") }, { hash: "00000000000000c1", observer }),
      // a1 alone begins with A1, two begin with b.
      advert({ publicKey: key("c1") }, {
        hash: "00000000000000c2",
        hops: ["A1", "B1"],
        observer,
        receivedAt: NOW + MINUTE,
      }),
      packet({ hash: "00000000000000c3", hops: ["A2", "C1"], observer }),
      packet({ hash: "00000000000000c4", hops: ["EE"], observer }),
      packet({ hash: "00000000000000c5", hops: [], observer }),
    );
    store.backend.runJobs(NOW + MINUTE);
    assert.deepEqual(edges(store), [
      ["a100", "c100", 1, "2025-10-09T08:54:20Z"],
      ["b100", "d100", 1, "2025-10-09T08:54:20Z"],
      ["c100", "d100", 2, "2025-10-09T08:53:20Z"],
    ]);
    // Nothing is counted twice.
    store.backend.runJobs(NOW + 2 * MINUTE);
    assert.equal(edges(store)[2]![2], 2);
  }));

Deno.test("neighbours joins nobody by the SNR values of a TRACE without a route", () =>
  withStore({}, (store) => {
    store.commit(...nodes("a1"));
    const observer = sighting(key("d1"));
    const trace = (hash: string, decodedJson: string) =>
      packet({
        hash,
        observer,
        sent: { payloadType: 9, decodedJson },
        seen: { pathJson: '["A1"]' },
      });
    store.commit(
      trace("00000000000000c1", '{"type":"TRACE","tag":1}'),
      trace("00000000000000c2", '{"type":"TRACE","error":"too short"}'),
      trace("00000000000000c3", "no JSON"),
    );
    store.backend.runJobs(NOW);
    assert.deepEqual(edges(store), []);
    store.commit(trace("00000000000000c4", '{"type":"TRACE","pathData":"a1"}'));
    store.backend.runJobs(NOW + MINUTE);
    assert.deepEqual(edges(store), [["a100", "d100", 1, "2025-10-09T08:53:20Z"]]);
  }));

Deno.test("neighbours goes on behind any number of rows without an edge (fault G11)", () =>
  withStore({}, (store) => {
    const { db } = store.opened.database;
    store.commit(...nodes("a1"));
    db.exec(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50001)
       INSERT INTO observations (transmission_id, path_json, timestamp)
       SELECT 1, '["' || i || '"]', ${NOW / 1000} FROM n`,
    );
    const observer = sighting(key("d1"));
    // In the same second as the rest, and one of an earlier second that comes late.
    store.commit(packet({ hops: ["A1"], observer }));
    store.commit(
      packet({ hash: "00000000000000c1", hops: ["A1"], observer, receivedAt: NOW - 9e3 }),
    );
    store.backend.runJobs(NOW);
    assert.deepEqual(edges(store), [["a100", "d100", 2, "2025-10-09T08:53:20Z"]]);
  }));

Deno.test("neighbours does not count again what CoreScope has counted meanwhile", () => {
  using scratch = new Scratch("mc-jobs");
  const path = scratch.file("meshcore.db");
  {
    using store = new TestStore(path);
    const { db } = store.opened.database;
    store.commit(...nodes("a1"));
    store.backend.runJobs(NOW);
    // As CoreScope would have written it.
    store.commit(
      packet({ hops: ["A1"], observer: sighting(key("d1")) }),
      packet({ hops: ["A1"], observer: sighting(key("d2")), receivedAt: NOW + 5000 }),
    );
    const insert = db.prepare(
      "INSERT INTO neighbor_edges VALUES (?, ?, 1, '2025-10-09T08:53:25Z')",
    );
    insert.run(key("a1"), key("d1"));
  }
  using store = new TestStore(path);
  store.backend.runJobs(NOW + MINUTE);
  assert.deepEqual(edges(store), [
    ["a100", "d100", 1, "2025-10-09T08:53:25Z"],
    ["a100", "d200", 1, "2025-10-09T08:53:25Z"],
  ]);
});

Deno.test("neighbours counts nothing that is too old for an edge when CoreScope has stopped long ago", () => {
  using scratch = new Scratch("mc-jobs");
  const path = scratch.file("meshcore.db");
  {
    using store = new TestStore(path);
    store.commit(
      ...nodes("a1"),
      packet({ hops: ["A1"], observer: sighting(key("d1")), receivedAt: NOW - 6 * DAY }),
      packet({ hops: ["A1"], observer: sighting(key("d2")), receivedAt: NOW - 4 * DAY }),
    );
    const insert = "INSERT INTO neighbor_edges VALUES ('a', 'b', 1, '2025-01-01T00:00:00Z')";
    store.opened.database.db.exec(insert);
  }
  using store = new TestStore(path);
  const [, old] = store.rows("SELECT id FROM observations ORDER BY id");
  const begin = "SELECT value FROM capture_state WHERE key = 'neighbours_observation_id'";
  assert.equal(Number(store.value(begin)), old.id);
  store.backend.runJobs(NOW);
  assert.deepEqual(edges(store).map(([a, b]) => [a, b]), [["a100", "d200"]]);
});

Deno.test("commit() resolves paths by what the last tick knew", () =>
  withStore({}, (store) => {
    const path = (hash: string) =>
      store.value(
        `SELECT resolved_path FROM observations JOIN transmissions AS sent
         ON sent.id = transmission_id WHERE hash = ?`,
        hash,
      );
    store.commit(...nodes("a1", "b1"));
    store.commit(packet({ hash: "0000000000000001", hops: ["A1"] }));
    assert.equal(path("0000000000000001"), null);
    store.backend.runJobs(NOW);
    store.commit(packet({ hash: "0000000000000002", hops: ["A1", "EE", "B1"] }));
    assert.deepEqual(JSON.parse(path("0000000000000002")), [key("a1"), null, key("b1")]);
    // Heard again before it is forgotten: what was resolved is not lost.
    store.commit(packet({ hash: "0000000000000002", hops: ["A1", "EE", "B1"] }));
    assert.deepEqual(JSON.parse(path("0000000000000002")), [key("a1"), null, key("b1")]);
  }));

Deno.test("neighbours knows a node that took the row of one that is gone", () =>
  withStore({}, (store) => {
    store.commit(...nodes("a1", "b1"));
    store.backend.runJobs(NOW);
    store.opened.database.db.prepare("DELETE FROM nodes WHERE public_key = ?").run(key("b1"));
    store.commit(...nodes("c1"));
    store.backend.runJobs(NOW + MINUTE);
    store.commit(packet({ hash: "0000000000000001", hops: ["B1", "C1"] }));
    const resolved = store.value(
      'SELECT resolved_path FROM observations WHERE path_json = \'["B1","C1"]\'',
    );
    assert.deepEqual(JSON.parse(resolved), [null, key("c1")]);
  }));

Deno.test("resolve() takes the only neighbour of several candidates, and no node twice", () => {
  const resolver = new PathResolver();
  const [a, b1, b2, c] = [key("aa"), key("bb01"), key("bb02"), key("cc")];
  resolver.index = new PrefixIndex([a, b1, b2, c]);
  resolver.graph = new NeighbourGraph();
  const resolve = (hops: string[], sender: string | null = null) =>
    JSON.parse(resolver.resolve(hops, sender) ?? "null");
  assert.deepEqual(resolve(["AA", "BB"]), [a, null]);
  resolver.graph.add(a, b2);
  assert.deepEqual(resolve(["AA", "BB"]), [a, b2]);
  assert.deepEqual(resolve(["BB"], a.toUpperCase()), [b2]);
  assert.deepEqual(resolve(["BB01"]), [b1]);
  resolver.graph.add(a, b1);
  assert.deepEqual(resolve(["AA", "BB"]), [a, null]);
  // The sender does not forward itself, and nobody twice.
  assert.deepEqual(resolve(["AA"], a), null);
  assert.deepEqual(resolve(["CC", "AA", "CC", "BB"]), [c, a, null, null]);
  assert.equal(resolver.resolve([], a), null);
  assert.equal(resolver.resolve(["EE"], a), null);
});

Deno.test("retention moves silent nodes aside and retires silent observers with their metrics", () =>
  withStore({}, (store) => {
    const metrics = {
      noiseFloor: -100,
      txAirSecs: null,
      rxAirSecs: null,
      recvErrors: null,
      batteryMv: null,
      packetsSent: null,
      packetsRecv: null,
    };
    store.commit(
      ...Array.from(
        { length: 250 },
        (_, i) =>
          advert({ publicKey: key(i.toString(16).padStart(4, "0")) }, {
            hash: i.toString(16).padStart(16, "0"),
            observer: null,
          }),
      ),
      status({ observer: sighting("SILENT"), metrics }),
      status({ observer: sighting("DEAD"), alive: false }),
      status({ observer: sighting("LOUD"), metrics, receivedAt: NOW + 14 * DAY }),
      advert({ publicKey: key("ffff") }, { receivedAt: NOW + 14 * DAY, observer: null }),
    );
    store.backend.runJobs(NOW + 15 * DAY);
    assert.equal(store.value("SELECT count(*) FROM inactive_nodes"), 250);
    assert.deepEqual(store.rows("SELECT public_key FROM nodes"), [{ public_key: key("ffff") }]);
    assert.deepEqual(store.rows("SELECT id, inactive FROM observers ORDER BY id"), [
      { id: "DEAD", inactive: 1 },
      { id: "LOUD", inactive: 0 },
      { id: "SILENT", inactive: 1 },
    ]);
    assert.deepEqual(store.rows("SELECT observer_id FROM observer_metrics"), [
      { observer_id: "LOUD" },
    ]);
  }));

Deno.test("retention deletes dropped packets to the second, not up to a day early (fault G15)", () =>
  withStore({}, (store) => {
    const undecodable = { reason: "undecodable", fault: "too_short" } as const;
    store.commit(
      ...[NOW, NOW + 2000].flatMap((receivedAt) => [
        refused({ receivedAt }),
        refused({ receivedAt, ...undecodable }),
      ]),
    );
    store.backend.runJobs(NOW + 30 * DAY);
    assert.equal(store.value("SELECT count(*) FROM dropped_packets"), 2);
    store.backend.runJobs(NOW + 30 * DAY + 1000);
    assert.equal(store.value("SELECT count(*) FROM dropped_packets"), 1);
    assert.equal(store.value("SELECT count(*) FROM capture_refused_packets"), 1);
  }));

Deno.test("retention finds refused packets behind any number that a clock in the future has left", () =>
  withStore({}, (store) => {
    const undecodable = { reason: "undecodable", fault: "too_short" } as const;
    const at = (receivedAt: number, n = 1) =>
      Array.from({ length: n }).flatMap(() => [
        refused({ receivedAt }),
        refused({ receivedAt, ...undecodable }),
      ]);
    const future = Date.UTC(2100, 0, 1);
    store.commit(...at(NOW), ...at(future, 1200), ...at(NOW + DAY, 600), ...at(future), ...at(60));
    const left = (days: number) => {
      store.backend.runJobs(NOW + days * DAY + 1000);
      return ["dropped_packets", "capture_refused_packets"].map((table) =>
        store.value(`SELECT count(*) FROM ${table}`)
      );
    };
    assert.deepEqual(left(30), [1801, 1801], "nothing that came after them is old");
    assert.deepEqual(left(31), [1, 1], "the last has none that came after it");
  }));

Deno.test("retention by a replay's time takes nothing for ahead that is not ahead of the machine", () =>
  withStore({}, (store) => {
    const replayed = Date.now() - 400 * DAY;
    store.commit(refused({ receivedAt: Date.now() - DAY }), refused({ receivedAt: replayed }));
    store.backend.runJobs(replayed + 31 * DAY);
    assert.equal(store.value("SELECT count(*) FROM dropped_packets"), 1);
  }));

Deno.test("retention deletes packets with their observations, receptions and edges by age", () => {
  const retention = {
    nodeDays: 7,
    observerDays: -1,
    metricsDays: 30,
    packetDays: 3,
    clientRxDays: 3,
    neighborEdgesDays: 1,
  };
  withStore({ retention }, (store) => {
    store.commit(...nodes("a1"));
    const observer = sighting(key("d1"));
    store.commit(
      ...Array.from(
        { length: 300 },
        (_, i) => packet({ hash: i.toString(16).padStart(16, "0"), hops: ["A1"], observer }),
      ),
      reception(),
      packet({ hash: "f000000000000000", receivedAt: NOW + 2 * DAY, observer }),
    );
    store.backend.runJobs(NOW);
    store.backend.runJobs(NOW);
    assert.equal(edges(store).length, 1);
    store.backend.runJobs(NOW + 3 * DAY + 1000);
    assert.deepEqual(edges(store), []);
    assert.deepEqual(store.rows("SELECT hash FROM transmissions"), [{ hash: "f000000000000000" }]);
    assert.equal(store.value("SELECT count(*) FROM observations"), 1);
    assert.equal(store.value("SELECT count(*) FROM client_receptions"), 0);
    assert.equal(store.value("SELECT count(*) FROM client_observers"), 0);
    assert.equal(store.value("SELECT max(inactive) FROM observers"), 0);
    // What was deleted is a new packet when it comes again.
    const again = packet({ hash: "0000000000000001", receivedAt: NOW + 4 * DAY, observer });
    assert.equal(store.commit(again).counts["transmissions"], 1);
  });
});

Deno.test("retention deletes packets of a time to come with those that followed", () =>
  withStore({ retention: { ...testParts.retention, packetDays: 3 } }, (store) => {
    const at = (n: number, receivedAt: number) =>
      packet({ hash: n.toString(16).padStart(16, "0"), receivedAt, observer: sighting("D1") });
    const future = Date.UTC(2100, 0, 1);
    store.commit(
      ...Array.from({ length: 600 }, (_, i) => at(i, future + i * 1000)),
      at(1000, NOW),
      at(1001, future),
      at(1002, NOW + DAY),
    );
    store.backend.runJobs(NOW + DAY);
    assert.equal(store.value("SELECT count(*) FROM transmissions"), 603);
    store.backend.runJobs(NOW + 3 * DAY + 1000);
    assert.equal(store.value("SELECT count(*) FROM transmissions"), 2);
    assert.equal(store.value("SELECT count(*) FROM observations"), 2);
  }));

Deno.test("retention of 0 days keeps nodes, figures and refused packets for ever", () => {
  const metrics = {
    noiseFloor: -110,
    txAirSecs: null,
    rxAirSecs: null,
    recvErrors: null,
    batteryMv: null,
    packetsSent: null,
    packetsRecv: null,
  };
  withStore({ retention: KEEP_FOR_EVER }, (store) => {
    store.commit(
      ...nodes("a1"),
      refused(),
      refused({ reason: "undecodable", fault: "too_short" }),
      status({ metrics }),
      reception(),
    );
    store.backend.runJobs(NOW + 4000 * DAY);
    for (
      const table of [
        "nodes",
        "observer_metrics",
        "dropped_packets",
        "capture_refused_packets",
        "client_receptions",
      ]
    ) assert.equal(store.value(`SELECT count(*) FROM ${table}`), 1, table);
  });
});

Deno.test("prune requests delete nodes and are answered beside the database", () =>
  withStore({ answersPruneRequests: true }, (store, path) => {
    store.commit(...nodes("a1", "b1"));
    const directory = `${path.slice(0, path.lastIndexOf("/"))}/prune-requests`;
    store.backend.runJobs(NOW);
    Deno.mkdirSync(directory);
    const requestedAt = "2025-10-09T08:53:00.5Z";
    const request = { id: "0a1b", requestedAt, reason: "geo-prune", pubkeys: [key("a1"), "x"] };
    Deno.writeTextFileSync(`${directory}/request-0a1b.json`, JSON.stringify(request));
    Deno.writeTextFileSync(`${directory}/request-0a1c.json`, "{");
    Deno.writeTextFileSync(`${directory}/request-..json`, "{}");
    store.backend.runJobs(NOW);
    assert.deepEqual(store.rows("SELECT name FROM nodes"), [{ name: "b1" }]);
    const read = (id: string) =>
      JSON.parse(Deno.readTextFileSync(`${directory}/result-${id}.json`));
    assert.deepEqual(read("0a1b"), {
      id: "0a1b",
      requestedAt,
      completedAt: "2025-10-09T08:53:20.000Z",
      deleted: 1,
    });
    assert.deepEqual(read("0a1c").error, "the request cannot be read");
    assert.deepEqual([...Deno.readDirSync(directory)].map((entry) => entry.name).sort(), [
      "request-..json",
      "result-0a1b.json",
      "result-0a1c.json",
    ]);
  }));

Deno.test("prune requests leave nothing half written beside them when the disk is full", () => {
  using scratch = new Scratch();
  const folder = scratch.file("prune-requests");
  Deno.mkdirSync(folder);
  Deno.writeTextFileSync(`${folder}/request-0a1b.json`, JSON.stringify({ pubkeys: [] }));
  const db = new DatabaseSync(":memory:");
  db.exec("CREATE TABLE nodes (public_key TEXT PRIMARY KEY)");
  const job = pruneRequestsJob(db, scratch.file("meshcore.db"));
  const files = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const write = Deno.writeTextFileSync;
  let writes = 0;
  try {
    Deno.writeTextFileSync = (path, text, options) => {
      writes++;
      write(path, (text as string).slice(0, 9), options);
      throw new Error("No space left on device");
    };
    assert.throws(() => job.step(40, NOW), /No space left/);
  } finally {
    Deno.writeTextFileSync = write;
  }
  assert.equal(writes, 1);
  assert.deepEqual(files(), ["request-0a1b.json"]);
  assert.equal(job.step(40, NOW), "more");
  assert.deepEqual(files(), ["result-0a1b.json"]);
  db.close();
});

Deno.test("prune requests are left alone when the database is not the one that they are for", () =>
  withStore({}, (store, path) => {
    store.commit(...nodes("a1"));
    const directory = `${path.slice(0, path.lastIndexOf("/"))}/prune-requests`;
    Deno.mkdirSync(directory);
    const request = `${directory}/request-0a1b.json`;
    Deno.writeTextFileSync(request, JSON.stringify({ id: "0a1b", pubkeys: [key("a1")] }));
    store.backend.runJobs(NOW);
    assert.deepEqual(store.rows("SELECT name FROM nodes"), [{ name: "a1" }]);
    assert.ok(Deno.statSync(request).isFile);
  }));

Deno.test("multibyte snapshot is taken over, but for what is unknown", () =>
  withStore({}, (store, path) => {
    store.commit(...nodes("a1", "b1", "c1"));
    const directory = `${path.slice(0, path.lastIndexOf("/"))}/mbcap-snapshot`;
    store.backend.runJobs(NOW);
    Deno.mkdirSync(directory);
    const write = (entries: unknown) =>
      Deno.writeTextFileSync(
        `${directory}/snapshot.json`,
        JSON.stringify({ writtenAt: "2025-10-09T08:53:20Z", entries }),
      );
    write([
      { public_key: key("a1"), status: "confirmed", evidence: "advert" },
      { public_key: key("b1"), status: "suspected" },
      { public_key: key("c1"), status: "unknown" },
      { public_key: 5 },
      null,
    ]);
    store.backend.runJobs(NOW);
    const read = () =>
      store.rows("SELECT multibyte_sup, multibyte_evidence FROM nodes ORDER BY name")
        .map((row) => [row.multibyte_sup, row.multibyte_evidence]);
    assert.deepEqual(read(), [[2, "advert"], [1, ""], [0, null]]);
    Deno.writeTextFileSync(`${directory}/snapshot.json`, "no JSON");
    store.backend.runJobs(NOW);
    write("no list at all");
    store.backend.runJobs(NOW);
    assert.deepEqual(read(), [[2, "advert"], [1, ""], [0, null]]);
    // It reaches nodes that fell silent, too.
    store.backend.runJobs(NOW + 8 * DAY);
    write([{ public_key: key("c1"), status: "confirmed", evidence: "hops" }]);
    store.backend.runJobs(NOW + 8 * DAY);
    assert.equal(
      store.value("SELECT multibyte_sup FROM inactive_nodes WHERE name = 'c1'"),
      2,
    );
  }));
