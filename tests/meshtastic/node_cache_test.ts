import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { NodeCache } from "../../src/meshtastic/node_cache.ts";
import { hexIdOf, mergeNode, nodeColumns, type NodeRow } from "../../src/meshtastic/node_merge.ts";
import type { NodeUpdate } from "../../src/meshtastic/record.ts";
import { meshtasticMigrations } from "../../src/meshtastic/store_migrations.ts";
import { indexStatements } from "../../src/meshtastic/store_schema.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { testUpdate } from "../helpers/meshtastic_records.ts";
import { Scratch } from "../helpers/scratch.ts";

function fresh(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  migrate(db, [meshtasticMigrations], 0);
  return db;
}

function stored(db: DatabaseSync): NodeRow[] {
  const sql = `SELECT ${nodeColumns.join(", ")} FROM node_info ORDER BY node_id`;
  return db.prepare(sql).all().map((row) => ({ ...row }) as unknown as NodeRow);
}

const name = fc.option(fc.constantFrom("", "Anna", "Berta", "C"), { nil: undefined });
const update: fc.Arbitrary<NodeUpdate> = fc.record({
  nodeId: fc.constantFrom(1, 2, 0xffff_ffff),
  seenAt: fc.integer({ min: 1, max: 1000 }),
  origin: fc.constantFrom<"nodeinfo" | "map_report">("nodeinfo", "map_report"),
  longName: name,
  shortName: name,
  primaryChannel: name,
  macAddress: name,
  hwModel: fc.option(fc.constantFrom("UNSET", "Unknown", "TBEAM", "HELTEC_V3"), { nil: undefined }),
  role: fc.option(fc.constantFrom("CLIENT", "ROUTER"), { nil: undefined }),
  isLicensed: fc.option(fc.boolean(), { nil: undefined }),
  region: fc.option(fc.constantFrom("UNSET", "EU_868"), { nil: undefined }),
}).map((u) => Object.fromEntries(Object.entries(u).filter(([, v]) => v !== undefined))) as never;

Deno.test("mergeNode() keeps its rules for every sequence of updates", () => {
  fc.assert(fc.property(fc.array(update, { minLength: 1, maxLength: 30 }), (updates) => {
    const first = updates[0]!;
    let row: NodeRow | undefined;
    let channel: string | null = null;
    for (const next of updates.map((u) => ({ ...u, nodeId: first.nodeId }))) {
      const before = row;
      row = mergeNode(before, next);
      assert.equal(row.hex_id, hexIdOf(first.nodeId));
      assert.ok(row.first_seen! <= next.seenAt && row.last_updated! >= next.seenAt);
      if (before !== undefined) {
        assert.ok(row.first_seen! <= before.first_seen!);
        assert.ok(row.last_updated! >= before.last_updated!);
      }
      assert.equal(row.long_name, next.longName || (before?.long_name ?? null));
      assert.equal(row.short_name, next.shortName || (before?.short_name ?? null));
      if (next.origin === "nodeinfo") channel = next.primaryChannel || channel;
      assert.equal(row.primary_channel, channel);
      assert.notEqual(row.hw_model, "UNSET");
      assert.notEqual(row.region, "UNSET");
    }
    const times = updates.map((u) => u.seenAt);
    assert.equal(row!.first_seen, Math.min(...times));
    assert.equal(row!.last_updated, Math.max(...times));
  }));
});

Deno.test("NodeCache holds the same in the table as in memory, after commits and roll-backs", () => {
  const transaction = fc.record({ updates: fc.array(update), keep: fc.boolean() });
  fc.assert(
    fc.property(fc.array(transaction, { maxLength: 8 }), (transactions) => {
      const db = fresh();
      const cache = new NodeCache(db);
      let before = stored(db);
      for (const { updates, keep } of transactions) {
        db.exec("BEGIN");
        for (const next of updates) cache.update(next);
        cache.sawGateway(3, 500);
        const written = cache.flush();
        assert.ok(written <= 4);
        if (keep) {
          db.exec("COMMIT");
          cache.committed();
        } else {
          db.exec("ROLLBACK");
          cache.rolledBack();
          assert.deepEqual(stored(db), before);
        }
        before = stored(db);
        for (const row of before) assert.deepEqual({ ...cache.get(row.node_id) }, row);
      }
      const again = new NodeCache(db);
      for (const row of before) assert.deepEqual({ ...again.get(row.node_id) }, row);
      db.close();
    }),
    { numRuns: 50 },
  );
});

Deno.test("NodeCache writes a node only when something changed", () => {
  const db = fresh();
  const cache = new NodeCache(db);
  for (const expected of [1, 0]) {
    for (let i = 0; i < 3; i++) cache.update(testUpdate());
    assert.equal(cache.flush(), expected);
    cache.committed();
  }
  cache.sawGateway(0xa1b2c3d4, 1_760_000_009);
  assert.equal(cache.flush(), 0);
  db.close();
});

Deno.test("NodeCache makes a gateway's row with its id alone, and none of what is no node", () => {
  const db = fresh();
  const cache = new NodeCache(db);
  for (const id of [0, 5, 0x1_0000_0000, -1, 1.5, NaN]) cache.sawGateway(id, 100);
  cache.update(testUpdate({ nodeId: 0x1_0000_0000 }));
  cache.flush();
  cache.committed();
  const rows = stored(db);
  assert.equal(rows.length, 1);
  const { node_id, hex_id, first_seen, last_updated, ...rest } = rows[0]!;
  assert.deepEqual([node_id, hex_id, first_seen, last_updated], [5, "!00000005", 100, 100]);
  assert.deepEqual(new Set(Object.values(rest)), new Set([null]));
  db.close();
});

Deno.test("mergeNode() says Unknown for hardware that a NODEINFO does not name, as Malla does", () => {
  const known = mergeNode(undefined, testUpdate());
  assert.equal(mergeNode(known, testUpdate({ hwModel: "UNSET" })).hw_model, "Unknown");
  const report = testUpdate({ origin: "map_report", hwModel: "UNSET", primaryChannel: "Other" });
  const row = mergeNode(known, report);
  assert.equal(row.hw_model, "HELTEC_V3");
  assert.equal(row.primary_channel, "LongFast");
  assert.equal(mergeNode(undefined, report).hw_model, "Unknown");
});

Deno.test("mergeNode() does not believe a User.id that disagrees", () => {
  const row = mergeNode(undefined, testUpdate({ userId: "!deadbeef" }));
  assert.equal(row.hex_id, "!a1b2c3d4");
  assert.equal(row.user_id, "!a1b2c3d4");
});

/** Pages that a transaction wrote, counted in the write-ahead log. */
function pagesWritten(db: DatabaseSync, work: () => void): number {
  db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  db.exec("BEGIN");
  work();
  db.exec("COMMIT");
  return Number(db.prepare("PRAGMA wal_checkpoint(PASSIVE)").get()!["log"]);
}

Deno.test("NodeCache.flush() writes no index of a node whose id and channel stay, and the row of one that somebody deleted", () => {
  using scratch = new Scratch();
  const db = new DatabaseSync(scratch.file("nodes.db"));
  db.exec("PRAGMA journal_mode = WAL");
  migrate(db, [meshtasticMigrations], 0);
  for (const statement of indexStatements("full")) db.exec(statement);
  const cache = new NodeCache(db);
  const write = (...updates: NodeUpdate[]) => {
    const pages = pagesWritten(db, () => {
      for (const one of updates) cache.update(one);
      cache.flush();
    });
    cache.committed();
    return pages;
  };
  const node = (nodeId: number, seenAt: number, primaryChannel = "LongFast") =>
    testUpdate({ nodeId, seenAt, primaryChannel });
  write(node(1, 10), node(2, 10));
  assert.equal(write(node(1, 20), node(2, 21)), 1, "one page of the table");
  assert.ok(write(node(1, 30, "Other")) > 1, "an index, too");
  assert.deepEqual(stored(db).map((row) => [row.last_updated, row.primary_channel]), [
    [30, "Other"],
    [21, "LongFast"],
  ]);
  db.exec("DELETE FROM node_info");
  write(node(1, 40, "Other"));
  assert.deepEqual(stored(db).map((row) => [row.node_id, row.hex_id, row.last_updated]), [
    [1, "!00000001", 40],
  ]);
  db.close();
});
