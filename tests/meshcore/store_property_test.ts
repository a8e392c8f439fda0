/**
 * Any sequence of records, cut into any batches, some of which fail: the tables hold what one record
 * after the other would have made of them, and what must always hold of them holds.
 *
 * @module
 */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { MeshcoreWriter } from "../../src/meshcore/batch_writer.ts";
import { PathResolver } from "../../src/meshcore/path_resolver.ts";
import type { MeshcoreRecord, PacketRecord } from "../../src/meshcore/record.ts";
import { meshcoreMigrations } from "../../src/meshcore/store_migrations.ts";
import { indexStatements } from "../../src/meshcore/store_schema.ts";
import { captureMigrations } from "../../src/storage/capture_migrations.ts";
import { CaptureTables } from "../../src/storage/capture_tables.ts";
import { commitBatch } from "../../src/storage/commit_batch.ts";
import { migrate } from "../../src/storage/migrate.ts";
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

const TABLES = [
  "transmissions",
  "observations",
  "nodes",
  "observers",
  "observer_metrics",
  "dropped_packets",
  "capture_refused_packets",
  "client_receptions",
  "client_observers",
];

class MemoryStore implements Disposable {
  readonly db = new DatabaseSync(":memory:");
  readonly #writer: MeshcoreWriter;
  readonly #tables: CaptureTables;

  constructor() {
    migrate(this.db, [captureMigrations, meshcoreMigrations], NOW / 1000);
    for (const sql of indexStatements()) this.db.exec(sql);
    this.#writer = new MeshcoreWriter(this.db, new PathResolver(), 300);
    this.#tables = new CaptureTables(this.db);
  }

  commit(records: readonly MeshcoreRecord[]): void {
    commitBatch(this.db, this.#writer, this.#tables, records, emptyContext);
  }

  dump(): Record<string, unknown[]> {
    return Object.fromEntries(TABLES.map((table) => [
      table,
      this.db.prepare(`SELECT * FROM ${table} ORDER BY rowid`).all().map((row) => ({ ...row })),
    ]));
  }

  rows(sql: string): Record<string, unknown>[] {
    return this.db.prepare(sql).all().map((row) => ({ ...row }));
  }

  [Symbol.dispose](): void {
    this.db.close();
  }
}

const at = fc.integer({ min: 0, max: 3600 }).map((seconds) => NOW + seconds * 1000);
const name = fc.constantFrom(null, "A", "B");
const observer = fc.record({
  id: fc.constantFrom("OBS", "obs", "TWO"),
  name,
  iata: fc.constantFrom(null, "SJC", "OAK"),
}).map(({ id, ...rest }) => sighting(id, rest));
const maybe = fc.constantFrom(null, 1, 2);
const hash = fc.constantFrom("00000000000000a1", "00000000000000a2", "00000000000000a3");
const hops = fc.constantFrom([], ["AA"], ["AA", "BB"]);

const anyPacket = fc.record({
  hash,
  hops,
  observer: fc.option(observer),
  receivedAt: at,
  retained: fc.boolean(),
  clockSkewSeconds: fc.constantFrom(null, null, -7200),
  seen: fc.record({ snr: maybe, rssi: maybe, score: maybe }),
}).map(({ hops, seen, ...parts }) =>
  packet({ ...parts, hops, seen: { ...seen, pathJson: JSON.stringify(hops) } })
);
const anyAdvert = fc.record({
  node: fc.record({
    name,
    foreign: fc.boolean(),
    lat: fc.constantFrom(null, 0, 37.5),
    batteryMv: maybe,
    defaultScope: fc.constantFrom(null, "#bay"),
  }),
  // Of one node each, as a hash of an advert is.
  which: fc.constantFrom(1, 2, 3, 4),
  receivedAt: at,
}).map(({ node, which, receivedAt }) =>
  advert(
    { ...node, lon: node.lat, publicKey: key(which % 2 === 0 ? "aa" : "bb") },
    { hash: `00000000000000b${which}`, receivedAt },
  )
);
const figures = fc.record({
  noiseFloor: maybe,
  txAirSecs: maybe,
  rxAirSecs: maybe,
  recvErrors: maybe,
  batteryMv: maybe,
  packetsSent: maybe,
  packetsRecv: maybe,
});
const anyStatus = fc.record({
  observer,
  receivedAt: at,
  alive: fc.boolean(),
  model: name,
  batteryMv: maybe,
  canRelay: fc.constantFrom(null, true, false),
  metrics: fc.option(figures),
}).map(status);
const anyRecord: fc.Arbitrary<MeshcoreRecord> = fc.oneof(
  { weight: 4, arbitrary: anyPacket },
  { weight: 3, arbitrary: anyAdvert },
  { weight: 2, arbitrary: anyStatus },
  hash.map((one) => companion(one.replace("a", "c"))),
  fc.constantFrom("invalid_signature" as const, "undecodable" as const)
    .map((reason) => refused({ reason })),
  fc.record({ heardKey: fc.constantFrom(key("aa"), key("bb")), receivedAt: at }).map(reception),
);
// SQLite refuses to bind it.
const badRecord = anyPacket.map((one): PacketRecord => ({
  ...one,
  observation: { ...one.observation, direction: {} as unknown as string },
}));

/** Batches with, now and then, a record that makes theirs fail. */
const batches = fc.array(
  fc.record({
    records: fc.array(anyRecord, { minLength: 1, maxLength: 8 }),
    bad: fc.option(badRecord, { freq: 4 }),
  }),
  { maxLength: 8 },
);

Deno.test("commit() makes of batches, failing ones between, what single records make", () => {
  fc.assert(
    fc.property(batches, (list) => {
      using batched = new MemoryStore();
      using single = new MemoryStore();
      for (const { records, bad } of list) {
        if (bad !== null) {
          assert.throws(() => batched.commit([...records, bad]), { name: "StorageError" });
        }
        batched.commit(records);
        for (const record of records) single.commit([record]);
      }
      assert.deepEqual(batched.dump(), single.dump());
    }),
    { numRuns: 60 },
  );
});

Deno.test("commit() keeps its promises for any sequence of records", () => {
  fc.assert(
    fc.property(batches, (list) => {
      using store = new MemoryStore();
      const named = new Map<string, string>();
      const messages = new Map<string, number>();
      const hashes = new Set<string>();
      for (const { records } of list) {
        store.commit(records);
        for (const record of records) {
          if (record.kind === "packet" || record.kind === "companion") {
            hashes.add(record.transmission.hash);
          }
          if (record.kind === "packet" || record.kind === "status") {
            const { id, name } = record.observer ?? { id: "", name: null };
            if (name !== null) named.set(id, name);
            messages.set(id, (messages.get(id) ?? 0) + 1);
          }
        }
        // An observation is one for its packet, observer and path.
        assert.deepEqual(
          store.rows(
            `SELECT 1 FROM observations WHERE observer_idx IS NOT NULL
             GROUP BY transmission_id, observer_idx, path_json HAVING count(*) > 1`,
          ),
          [],
        );
        // A packet was heard, and is no older than it was heard first.
        assert.deepEqual(
          store.rows(
            `SELECT 1 FROM transmissions AS sent WHERE last_seen <
               (SELECT max(timestamp) FROM observations WHERE transmission_id = sent.id)
             OR last_seen < CAST(strftime('%s', first_seen) AS INTEGER)
             OR NOT EXISTS (SELECT 1 FROM observations WHERE transmission_id = sent.id)`,
          ),
          [],
        );
        // A node's last advert is counted, its name is never wiped.
        assert.deepEqual(
          store.rows(
            `SELECT 1 FROM nodes WHERE first_seen IS NULL OR last_seen IS NULL OR advert_count <>
               (SELECT count(*) FROM transmissions WHERE from_pubkey = nodes.public_key)`,
          ),
          [],
        );
        for (const row of store.rows("SELECT id, name, packet_count AS n FROM observers")) {
          assert.equal(row["name"], named.get(String(row["id"])) ?? "");
          assert.equal(row["n"], messages.get(String(row["id"])));
        }
      }
      assert.deepEqual(store.rows("PRAGMA foreign_key_check"), []);
      assert.equal(store.rows("SELECT hash FROM transmissions").length, hashes.size);
    }),
    { numRuns: 60 },
  );
});

Deno.test("commit() never wipes the name of a node, whatever comes", () => {
  fc.assert(
    fc.property(fc.array(anyAdvert, { minLength: 1, maxLength: 30 }), (adverts) => {
      using store = new MemoryStore();
      const named = new Set<string>();
      for (const one of adverts) {
        store.commit([one]);
        for (const { public_key, name } of store.rows("SELECT public_key, name FROM nodes")) {
          if (name !== "") named.add(String(public_key));
          else assert.ok(!named.has(String(public_key)));
        }
      }
    }),
    { numRuns: 60 },
  );
});
