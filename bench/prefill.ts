/**
 * Fills a database quickly: a pool of messages goes the service's way, decoder and storage thread,
 * and all further rows are copies of the pool's, made by SQL.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { silentLog } from "../src/capture/log.ts";
import type { CommitContext } from "../src/capture/network.ts";
import { asMessage, benchDecoder, type BenchNetwork, type Indexes } from "./networks.ts";
import type { BenchMessage } from "./traffic_file.ts";

/** Seconds between two rows, so that a million are 41 days. */
const SPACING = 3.5;

const NO_CONTEXT: CommitContext = {
  ledger: [],
  retained: [],
  heardUntil: [],
  quarantine: [],
};

/** Makes the file by the real migrations, with the rows of `traffic`. */
export async function createDatabase(
  network: BenchNetwork,
  indexes: Indexes,
  path: string,
  traffic: readonly BenchMessage[],
): Promise<void> {
  const { descriptor } = network;
  const config = descriptor.section.schema.parse(network.section(path, indexes));
  const store = await descriptor.openStore(config, {
    path,
    settings: { synchronous: "NORMAL" },
    maintenanceIntervalMinutes: 0,
    nowMs: Date.now(),
    log: silentLog,
  });
  try {
    const decoder = benchDecoder(network);
    for (let at = 0; at < traffic.length; at += 2000) {
      const batch = traffic.slice(at, at + 2000).map((one, i) =>
        asMessage(one, (at + i) * SPACING * 1000)
      );
      const decoded = await decoder.decode(batch);
      const records = decoded.flatMap((one) => one.kind === "record" ? [one.record] : []);
      await store.commit(records, NO_CONTEXT);
    }
  } finally {
    await store.close(0);
  }
}

/** Copies the rows of a file until there are `rows`, the last of them received now. */
export function multiplyRows(network: BenchNetwork, path: string, rows: number): void {
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144");
    db.exec("PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY");
    // Sorted at the end they are built many times as fast as row by row.
    const indexes = db.prepare(
      `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
       AND tbl_name IN (${network.tables.map((name) => `'${name}'`).join(", ")})`,
    ).all();
    for (const { name } of indexes) db.exec(`DROP INDEX ${name}`);
    const pool = maxId(db, network.counted);
    db.exec("BEGIN");
    const copies = Math.ceil(rows / pool);
    // The pool itself is the oldest.
    const newest = copies * pool * SPACING;
    shift(network, db, Math.floor(Date.now() / 1000 - newest));
    for (let k = 1; k < copies; k++) {
      copyPool(network, db, k, pool, Math.min(pool, rows - k * pool));
    }
    for (const { sql } of indexes) db.exec(String(sql));
    db.exec("COMMIT");
    db.exec("PRAGMA analysis_limit = 400; ANALYZE; PRAGMA journal_mode = WAL");
  } finally {
    db.close();
  }
}

/** Lets everything be received `seconds` later. */
function shift(network: BenchNetwork, db: DatabaseSync, seconds: number): void {
  if (network.name === "meshtastic") {
    db.exec(`UPDATE packet_history SET timestamp = timestamp + ${seconds}`);
    db.exec(`UPDATE node_info SET first_seen = first_seen + ${seconds},
      last_updated = last_updated + ${seconds}`);
    return;
  }
  db.exec(`UPDATE observations SET timestamp = timestamp + ${seconds}`);
  db.exec(
    `UPDATE transmissions SET first_seen = ${later("first_seen", seconds)},
       last_seen = last_seen + ${seconds}, created_at = datetime(created_at, '+${seconds} seconds')`,
  );
  // As if they were heard still.
  const now = new Date().toISOString().slice(0, 19) + "Z";
  db.exec(`UPDATE nodes SET last_seen = '${now}'; UPDATE observers SET last_seen = '${now}'`);
}

/** Adds the `k`-th copy of the first `limit` rows of the pool, as later packets. */
function copyPool(
  network: BenchNetwork,
  db: DatabaseSync,
  k: number,
  pool: number,
  limit: number,
): void {
  const seconds = Math.round(k * pool * SPACING);
  if (network.name === "meshtastic") {
    // An odd number times k: other ids, and the receptions of one packet keep one.
    const id = `(mesh_packet_id + ${k * 2_654_435_761}) % 4294967296`;
    copy(db, "packet_history", { timestamp: `timestamp + ${seconds}`, mesh_packet_id: id }, limit);
    return;
  }
  const sent = poolTransmissions(db, pool);
  const changes = {
    id: `id + ${k * sent}`,
    hash: "lower(hex(randomblob(8)))",
    first_seen: later("first_seen", seconds),
    last_seen: `last_seen + ${seconds}`,
    created_at: `datetime(created_at, '+${seconds} seconds')`,
  };
  copy(db, "transmissions", changes, sent);
  copy(db, "observations", {
    transmission_id: `transmission_id + ${k * sent}`,
    timestamp: `timestamp + ${seconds}`,
  }, limit);
}

/** Transmissions of the pool. Ids of observations go with time, and so with those. */
function poolTransmissions(db: DatabaseSync, pool: number): number {
  const row = db.prepare("SELECT max(transmission_id) AS n FROM observations WHERE id <= ?")
    .get(pool);
  return Number(row?.["n"]);
}

function copy(
  db: DatabaseSync,
  table: string,
  changes: Readonly<Record<string, string>>,
  upTo: number,
): void {
  const columns = db.prepare(`PRAGMA table_info(${table})`).all().map((row) => String(row["name"]))
    .filter((name) => name !== "id" || "id" in changes);
  const values = columns.map((name) => changes[name] ?? name);
  db.exec(
    `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${values.join(", ")} FROM ${table}
     WHERE id <= ${upTo} ORDER BY id`,
  );
}

function later(column: string, seconds: number): string {
  return `strftime('%Y-%m-%dT%H:%M:%SZ', ${column}, '+${seconds} seconds')`;
}

function maxId(db: DatabaseSync, table: string): number {
  return Number(db.prepare(`SELECT max(id) AS n FROM ${table}`).get()?.["n"] ?? 0);
}
