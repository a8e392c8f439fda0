/**
 * The recorded traffic through decoder, storage thread and jobs, against the tables that CoreScope's
 * ingestor wrote of it. Departures are faults of CoreScope's, each named and counted.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createMeshcoreDecoder } from "../../src/meshcore/decoder.ts";
import { openMeshcoreStore } from "../../src/meshcore/store.ts";
import { ReadTally } from "../../src/recording/entry.ts";
import { JsonlRecording } from "../../src/recording/jsonl.ts";
import { replayInto } from "../../src/recording/replay.ts";
import { Reader } from "../../src/storage/reader.ts";
import { fromFileUrl } from "../helpers/paths.ts";
import { Scratch } from "../helpers/scratch.ts";
import { fixtureLines, fixtureOptions } from "./fixtures.ts";

// deno-lint-ignore no-explicit-any
type Row = any;

const RECORDING = fromFileUrl(new URL("../fixtures/meshcore/traffic.jsonl", import.meta.url));

/** Replays the traffic as `meshcapture replay` does: jobs every recorded minute, and at the end. */
async function replayed(path: string): Promise<void> {
  const failed: unknown[] = [];
  const tally = new ReadTally();
  const { stored, quarantined } = await replayInto({
    recording: new JsonlRecording(RECORDING, { source: "local" }),
    tally,
    network: createMeshcoreDecoder(fixtureOptions()),
    openStore: (nowMs) =>
      openMeshcoreStore({
        path,
        nowMs,
        packetDays: 30,
        clientRxDays: 30,
        hashRegions: ["sjc", "#bay"],
        onJobFailure: (job, error) => failed.push([job, error]),
      }),
    batchMax: 500,
  });
  assert.deepEqual([tally.messages, stored, quarantined, failed], [2000, 1974, 0, []]);
}

/** Golden rows without the columns that say how they were ordered. */
function golden(table: string): Row[] {
  return fixtureLines(`golden/${table}.jsonl`).map((row) => {
    const { _order, ...rest } = row;
    return rest;
  });
}

/** `row` with the columns of `like` alone. */
function pick(row: Row, like: Row): Row {
  return Object.fromEntries(Object.keys(like).map((key) => [key, row[key]]));
}

Deno.test("replay gives CoreScope's golden tables, value for value, but for its faults", async (t) => {
  using scratch = new Scratch("mc-golden");
  const path = scratch.file("meshcore.db");
  await replayed(path);
  using reader = new Reader(path);
  const rows = (sql: string) => reader.query<Row>(sql).map((row): Row => ({ ...row }));

  /** Compares by `key` all that golden rows have; `known` answers for a difference by its fault. */
  const compare = (
    table: string,
    sql: string,
    key: string,
    known: (golden: Row, own: Row | undefined, column: string) => string | undefined = () =>
      undefined,
  ): Record<string, number> => {
    const faults: Record<string, number> = {};
    const own = new Map(rows(sql).map((row) => [row[key], row]));
    for (const row of golden(table)) {
      const mine = own.get(row[key]);
      own.delete(row[key]);
      for (const column of mine === undefined ? ["*"] : Object.keys(row)) {
        if (mine?.[column] === row[column] && mine !== undefined) continue;
        const fault = known(row, mine, column);
        assert.ok(
          fault !== undefined,
          `${table} ${row[key]}: ${column} is ${mine?.[column]}, golden ${row[column]}`,
        );
        faults[fault] = (faults[fault] ?? 0) + 1;
      }
    }
    for (const extra of own.values()) {
      const fault = known({}, extra, "*");
      assert.ok(fault !== undefined, `${table}: ${extra[key]} is not golden`);
      faults[fault] = (faults[fault] ?? 0) + 1;
    }
    return faults;
  };

  await t.step("nodes: 110, no departure", () => {
    assert.deepEqual(compare("nodes", "SELECT * FROM nodes", "public_key"), {});
  });

  await t.step("observers: 16, with their rowids; skew to the second of processing", () => {
    const faults = compare(
      "observers",
      "SELECT rowid AS _rowid, * FROM observers",
      "id",
      (row, own, column) =>
        column === "clock_skew_seconds" && Math.abs(own![column] - row[column]) <= 1
          ? "a second of processing"
          : undefined,
    );
    assert.deepEqual(faults, { "a second of processing": 1 });
  });

  await t.step("observer_metrics: 15, no departure", () => {
    assert.deepEqual(
      compare("observer_metrics", "SELECT * FROM observer_metrics", "observer_id"),
      {},
    );
  });

  await t.step("neighbor_edges: 732 with their counts, less those of a TRACE's SNR values", () => {
    const edge = "node_a || ' ' || node_b";
    const own = new Map(
      rows(`SELECT ${edge} AS edge, count FROM neighbor_edges`).map((row) => [row.edge, row.count]),
    );
    const expected = golden("neighbor_edges");
    // CoreScope takes the SNR values of a TRACE without a route for hops: observer and value, a
    // TRACE each.
    const mistaken = new Map(
      rows(
        `SELECT lower(observers.id) AS observer, seen.path_json AS path
         FROM observations AS seen JOIN transmissions AS sent ON sent.id = seen.transmission_id
         JOIN observers ON observers.rowid = seen.observer_idx
         WHERE payload_type = 9 AND path_json <> '[]' AND decoded_json NOT LIKE '%"pathData"%'`,
      ).map(({ observer, path }) => [`${observer} ${JSON.parse(path).at(-1).toLowerCase()}`, 0]),
    );
    for (const { node_a, node_b, count } of expected) {
      const mine = own.get(`${node_a} ${node_b}`) ?? 0;
      own.delete(`${node_a} ${node_b}`);
      if (mine === count) continue;
      const from = [[node_a, node_b], [node_b, node_a]]
        .map(([observer, other]) => `${observer} ${other.slice(0, 2)}`)
        .find((one) => mistaken.has(one));
      assert.ok(from !== undefined, `${node_a} ${node_b}: ${mine}, golden ${count}`);
      mistaken.set(from, mistaken.get(from)! + count - mine);
    }
    assert.equal(own.size, 0);
    assert.deepEqual([...mistaken.values()].filter((count) => count !== 0).sort(), [1, 1, 1, 2]);
  });

  await t.step("transmissions: 789, less G10; hashes of companions' messages differ (G19)", () => {
    const own = rows("SELECT * FROM transmissions");
    const byHash = new Map(own.map((row) => [row.hash, row]));
    const companions = new Map(
      own.filter((row) => row.raw_hex === "").map((row) => [row.decoded_json, row]),
    );
    const faults = { G10: 0, G19: 0 };
    for (const row of golden("transmissions")) {
      // G10: of a hex text with spaces CoreScope makes a packet of its own.
      if (/\s/.test(row.raw_hex)) {
        faults.G10++;
        continue;
      }
      const companion = row.raw_hex === "";
      // G19: CoreScope hashes the second of ingest.
      if (companion) faults.G19++;
      const mine = companion ? companions.get(row.decoded_json) : byHash.get(row.hash);
      assert.ok(mine, row.hash);
      const { id: _id, hash: _hash, ...rest } = row;
      assert.deepEqual(pick(mine, rest), rest);
    }
    assert.deepEqual(faults, { G10: 2, G19: 7 });
    assert.equal(own.length, 787);
  });

  await t.step("observations: 1797, less G10 and G2; with their resolved paths", () => {
    const own = rows(
      `SELECT seen.*, observers.id AS _observer_id,
         CASE sent.raw_hex WHEN '' THEN sent.decoded_json ELSE sent.hash END AS sent
       FROM observations AS seen JOIN transmissions AS sent ON sent.id = seen.transmission_id
       LEFT JOIN observers ON observers.rowid = seen.observer_idx`,
    );
    const sentOf = new Map(
      golden("transmissions").map((
        row,
      ) => [row.hash, row.raw_hex === "" ? row.decoded_json : row.hash]),
    );
    const open = new Set(own);
    const faults = { G1: 0, G2: 0, "G2 merged": 0, G10: 0, "G10 overwrites": 0 };
    // Rows without an observer last: what they are matched with must not be another's.
    const expected = golden("observations")
      .sort((a, b) => +(a._observer_id === null) - +(b._observer_id === null));
    for (const row of expected) {
      if (/\s/.test(row.raw_hex ?? "")) {
        faults.G10++;
        continue;
      }
      const sent = sentOf.get(row._tx_hash);
      const isCopy = (one: Row) => one.sent === sent && one.path_json === row.path_json;
      let mine = [...open].find((one) => isCopy(one) && one._observer_id === row._observer_id);
      if (mine === undefined) {
        // G2: CoreScope stores the first packet of a new observer without it, and so its repetition
        // beside it; here it has its observer, and the repetition is the same observation.
        assert.equal(row._observer_id, null, JSON.stringify(row));
        faults.G2++;
        mine = [...open].find(isCopy);
        if (mine === undefined) {
          assert.ok(own.some(isCopy));
          faults["G2 merged"]++;
          continue;
        }
      }
      open.delete(mine);
      const { id: _i, transmission_id: _t, observer_idx, _tx_hash, _observer_id, ...rest } = row;
      if (_observer_id !== null) assert.equal(mine.observer_idx, observer_idx);
      // G1: a number that is none, and one whose square is none.
      if (rest.snr === "Infinity" || rest.snr === 1e300) {
        faults.G1++;
        rest.snr = null;
      }
      if (_tx_hash === "9eb5e9c61b4b4f8c" && mine.score !== rest.score) {
        // G10: the hearing with spaces is one more of this packet, and its score came last.
        faults["G10 overwrites"]++;
        rest.score = mine.score;
      }
      assert.deepEqual(pick(mine, rest), rest);
    }
    assert.equal(open.size, 0);
    assert.deepEqual(faults, { G1: 2, G2: 2, "G2 merged": 1, G10: 2, "G10 overwrites": 1 });
    assert.equal(own.length, 1794);
  });

  await t.step("client receptions: 46, less one with a forged advert (G24)", () => {
    const text = (row: Row) => JSON.stringify(row);
    const own = new Set(
      rows("SELECT * FROM client_receptions").map((row) => {
        const { rx_at: _r, ingested_at: _i, id: _id, ...rest } = row;
        return text(rest);
      }),
    );
    const forged = golden("client_receptions").filter(({ id: _id, ...rest }) =>
      !own.delete(text(rest))
    );
    assert.deepEqual(forged.map((row) => row.src), ["advert"]);
    assert.equal(own.size, 0);
    assert.deepEqual(compare("client_observers", "SELECT * FROM client_observers", "pubkey"), {});
  });

  await t.step(
    "dropped_packets: 2, no departure; what CoreScope only logs stands aside (G20)",
    () => {
      assert.deepEqual(compare("dropped_packets", "SELECT * FROM dropped_packets", "hash"), {});
      assert.deepEqual(
        rows("SELECT reason, count(*) AS n FROM capture_refused_packets GROUP BY 1 ORDER BY 1"),
        [{ reason: "corrupt_advert", n: 3 }, { reason: "undecodable", n: 75 }],
      );
    },
  );

  await t.step("_migrations and _async_migrations: 22 and 2 in CoreScope's order", () => {
    assert.deepEqual(
      rows("SELECT name FROM _migrations ORDER BY rowid"),
      golden("_migrations"),
    );
    assert.deepEqual(
      rows("SELECT name, status, error FROM _async_migrations ORDER BY rowid"),
      golden("_async_migrations"),
    );
  });

  await t.step("integrity: foreign keys and pages are sound", () => {
    assert.deepEqual(rows("PRAGMA foreign_key_check"), []);
    assert.deepEqual(rows("PRAGMA integrity_check"), [{ integrity_check: "ok" }]);
  });
});
