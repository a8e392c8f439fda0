/**
 * What an older CoreScope left empty, filled in slices while capture runs. Each job remembers how far
 * it has come, and records itself where CoreScope looks for it.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { readState, writeState } from "../storage/capture_state.ts";
import { Slices } from "../storage/slices.ts";
import { transaction } from "../storage/transaction.ts";
import { decodeHex, stripHex } from "./hex.ts";
import { isMarked, mark, type MigrationMark } from "./migration_marks.ts";
import { parsePacket, PAYLOAD } from "./packet.ts";

interface Backfill {
  readonly name: string;
  readonly table: "transmissions" | "observations" | "observers" | "observer_metrics" | "nodes";
  /** Where CoreScope looks whether it is done; undefined: nowhere. */
  readonly mark?: MigrationMark;
  /** Fills rows `low < rowid <= high`. */
  readonly fill: (db: DatabaseSync, low: number, high: number) => void;
}

/** Fills by SQL, of which the first two parameters are the bounds of the rowids. */
function bySql(...statements: readonly string[]): Backfill["fill"] {
  return (db, low, high) => {
    for (const sql of statements) db.prepare(sql).run(low, high);
  };
}

/**
 * SQL for the numbers that the decoder takes. CoreScope stored others, `Infinity` too, and its server
 * answers several pages with nothing as long as one of them is there.
 */
export const MEASURABLE = `BETWEEN -${Number.MAX_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}`;

function measurable(column: string): string {
  return `CASE WHEN ${column} ${MEASURABLE} THEN ${column} END`;
}

const BACKFILLS: readonly Backfill[] = [
  {
    name: "from_pubkey",
    table: "transmissions",
    fill: bySql(
      `UPDATE transmissions SET from_pubkey = lower(json_extract(decoded_json, '$.pubKey'))
       WHERE id > ? AND id <= ? AND payload_type = ${PAYLOAD.ADVERT} AND from_pubkey IS NULL
         AND json_valid(decoded_json)`,
    ),
  },
  {
    name: "channel_hash",
    table: "transmissions",
    mark: "channel_hash_v1",
    fill: bySql(
      `UPDATE transmissions SET channel_hash = CASE json_extract(decoded_json, '$.type')
         WHEN 'CHAN' THEN json_extract(decoded_json, '$.channel')
         WHEN 'GRP_TXT' THEN 'enc_' || json_extract(decoded_json, '$.channelHashHex') END
       WHERE id > ? AND id <= ? AND payload_type = ${PAYLOAD.GRP_TXT} AND channel_hash IS NULL
         AND json_valid(decoded_json)`,
    ),
  },
  {
    name: "channel_case",
    table: "transmissions",
    mark: "channel_hash_casing_v1",
    fill: bySql(
      `UPDATE transmissions SET channel_hash = 'Public'
       WHERE id > ? AND id <= ? AND payload_type = ${PAYLOAD.GRP_TXT}
         AND channel_hash = 'public'`,
    ),
  },
  {
    name: "empty_packets",
    table: "transmissions",
    mark: "cleanup_legacy_null_hash_ts",
    fill: bySql(
      `DELETE FROM observations WHERE transmission_id IN (SELECT id FROM transmissions
         WHERE id > ? AND id <= ? AND (hash = '' OR first_seen = ''))`,
      `DELETE FROM transmissions WHERE id > ? AND id <= ? AND (hash = '' OR first_seen = '')`,
    ),
  },
  {
    name: "advert_count",
    table: "nodes",
    mark: "advert_count_unique_v1",
    fill: bySql(
      `UPDATE nodes SET advert_count = (SELECT count(*) FROM transmissions
         WHERE payload_type = ${PAYLOAD.ADVERT} AND from_pubkey = nodes.public_key)
       WHERE rowid > ? AND rowid <= ?`,
    ),
  },
  {
    name: "last_packet_at",
    table: "observers",
    mark: "observers_last_packet_at_v1",
    fill: bySql(
      `UPDATE observers SET last_packet_at = last_seen
       WHERE rowid > ? AND rowid <= ? AND last_packet_at IS NULL
         AND EXISTS (SELECT 1 FROM observations WHERE observer_idx = observers.rowid)`,
    ),
  },
  {
    name: "last_seen",
    table: "transmissions",
    mark: "tx_last_seen_backfill_v1",
    fill: bySql(
      `UPDATE transmissions SET last_seen = coalesce((SELECT max(timestamp) FROM observations
         WHERE transmission_id = transmissions.id), CAST(strftime('%s', first_seen) AS INTEGER), 0)
       WHERE id > ? AND id <= ? AND last_seen = 0`,
    ),
  },
  {
    name: "path_json",
    table: "observations",
    mark: "backfill_path_json_from_raw_hex_v1",
    fill: fillPaths,
  },
  {
    name: "measures",
    table: "observations",
    fill: bySql(
      `UPDATE observations SET snr = ${measurable("snr")}, rssi = ${measurable("rssi")},
         score = ${measurable("score")}
       WHERE id > ? AND id <= ? AND (snr NOT ${MEASURABLE} OR rssi NOT ${MEASURABLE}
         OR score NOT ${MEASURABLE})`,
    ),
  },
  {
    name: "metric_measures",
    table: "observer_metrics",
    fill: bySql(
      `UPDATE observer_metrics SET noise_floor = NULL
       WHERE rowid > ? AND rowid <= ? AND noise_floor NOT ${MEASURABLE}`,
    ),
  },
];

/** Only where regions are configured, as in CoreScope: without them no packet has a scope's name. */
const DEFAULT_SCOPE: Backfill = {
  name: "default_scope",
  table: "nodes",
  mark: "backfill_default_scope_v1",
  fill: bySql(
    `UPDATE nodes SET default_scope = coalesce((SELECT scope_name FROM transmissions
       WHERE from_pubkey = nodes.public_key AND payload_type = ${PAYLOAD.ADVERT}
         AND scope_name IS NOT NULL AND scope_name <> '' ORDER BY first_seen DESC LIMIT 1),
       default_scope)
     WHERE rowid > ? AND rowid <= ?`,
  ),
};

/** Records that a new database needs none of those that have no mark. */
export function skipBackfills(db: DatabaseSync): void {
  for (const one of BACKFILLS) {
    if (one.mark === undefined) writeState(db, stateKey(one), "done");
  }
}

/** The jobs that `db` still needs. Those that build indexes must come before them. */
export function backfillJobs(db: DatabaseSync, hasRegions: boolean): Job[] {
  const all = hasRegions ? [...BACKFILLS, DEFAULT_SCOPE] : BACKFILLS;
  return all.filter((one) => !isDone(db, one)).map((one) => backfillJob(db, one));
}

function stateKey({ name }: Backfill): string {
  return `backfill_${name}`;
}

function isDone(db: DatabaseSync, backfill: Backfill): boolean {
  return backfill.mark === undefined
    ? readState(db, stateKey(backfill)) === "done"
    : isMarked(db, backfill.mark);
}

function backfillJob(db: DatabaseSync, backfill: Backfill): Job {
  const { name, table } = backfill;
  const key = stateKey(backfill);
  // What comes from now on is whole.
  let last: number | undefined;
  const slices = new Slices();
  return {
    name: `backfill ${name}`,
    everyMs: 0,
    step(budgetMs, nowMs) {
      const until = last ??= Number(
        db.prepare(`SELECT max(rowid) AS n FROM ${table}`).get()?.["n"] ?? 0,
      );
      return slices.run(budgetMs, (rows) => {
        const state = readState(db, key);
        const low = typeof state === "number" ? state : 0;
        const high = db.prepare(
          `SELECT max(n) AS n FROM (SELECT rowid AS n FROM ${table} WHERE rowid > ?
             AND rowid <= ? ORDER BY rowid LIMIT ?)`,
        ).get(low, until, rows)?.["n"];
        if (typeof high !== "number") {
          transaction(db, () => {
            writeState(db, key, "done");
            if (backfill.mark !== undefined) mark(db, backfill.mark, nowMs);
          });
          return false;
        }
        transaction(db, () => {
          backfill.fill(db, low, high);
          writeState(db, key, high);
        });
        return true;
      });
    },
  };
}

/** The hops of an observation stand in its packet, but for a TRACE: there these bytes are SNRs. */
function fillPaths(db: DatabaseSync, low: number, high: number): void {
  const rows = db.prepare(
    `SELECT seen.id, seen.raw_hex FROM observations AS seen
     JOIN transmissions AS sent ON sent.id = seen.transmission_id
     WHERE seen.id > ? AND seen.id <= ? AND coalesce(seen.path_json, '') = ''
       AND coalesce(seen.raw_hex, '') <> '' AND sent.payload_type <> ${PAYLOAD.TRACE}`,
  ).all(low, high);
  // Where the same observation is there with its path, this one stays as it is.
  const update = db.prepare("UPDATE OR IGNORE observations SET path_json = ? WHERE id = ?");
  for (const row of rows) {
    const bytes = decodeHex(stripHex(String(row["raw_hex"])));
    const parsed = bytes === undefined ? undefined : parsePacket(bytes);
    const hops = parsed?.ok === true ? parsed.frame.hops : [];
    update.run(JSON.stringify(hops), Number(row["id"]));
  }
}
