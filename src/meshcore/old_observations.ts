/**
 * CoreScope's first `observations` (until March 2026): the observer by name instead of by rowid, the
 * time as text, and columns that repeat others.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { readTables, schemaHas } from "../storage/schema.ts";
import { quoteName } from "../storage/sql_names.ts";
import { Slices } from "../storage/slices.ts";
import { transaction } from "../storage/transaction.ts";

const OLD = "capture_old_observations";

/**
 * Puts an old table aside, so that the present one can be made. Takes no time, whatever its size. To
 * be called before the migrations, inside their transaction.
 */
export function setOldObservationsAside(
  db: DatabaseSync,
  tables: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const columns = tables.get("observations");
  if (columns === undefined || columns.has("observer_idx") || !columns.has("observer_id")) return;
  db.exec("DROP VIEW IF EXISTS packets_v");
  const indexes = db.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'observations' AND sql IS NOT NULL",
  ).all();
  // Their names belong to the present table's indexes.
  for (const row of indexes) {
    db.exec(`DROP INDEX ${quoteName(String(row["name"]))}`);
  }
  db.exec(`ALTER TABLE observations RENAME TO ${OLD}`);
}

/** Whether old rows still wait to be moved. They refer to transmissions, which cannot go before them. */
export function oldObservationsWait(db: DatabaseSync): boolean {
  return schemaHas(db, "table", OLD);
}

/** Keeps the ids of the old rows free. To be called after the migrations. */
export function reserveOldIds(db: DatabaseSync): void {
  if (!oldObservationsWait(db)) return;
  const last = Number(db.prepare(`SELECT max(id) AS id FROM ${OLD}`).get()?.["id"] ?? 0);
  const { changes } = db.prepare(
    "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'observations'",
  ).run(last);
  if (Number(changes) === 0) {
    db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES ('observations', ?)").run(last);
  }
}

/** The job that moves old rows over, newest first; undefined when there are none. */
export function oldObservationsJob(db: DatabaseSync): Job | undefined {
  if (!oldObservationsWait(db)) return undefined;
  const has = readTables(db).get(OLD)!;
  const column = (name: string) => has.has(name) ? `old.${name}` : "NULL";
  const slices = new Slices();
  return {
    name: "old observations",
    everyMs: 0,
    step(budgetMs) {
      return slices.run(budgetMs, (rows) => moveSome(db, column, rows));
    },
  };
}

function moveSome(db: DatabaseSync, column: (name: string) => string, rows: number): boolean {
  const from = db.prepare(
    `SELECT min(id) AS id FROM (SELECT id FROM ${OLD} ORDER BY id DESC LIMIT ?)`,
  ).get(rows)?.["id"];
  if (typeof from !== "number") {
    db.exec(`DROP TABLE ${OLD}`);
    return false;
  }
  transaction(db, () => {
    // An observer that has no row would be lost with its id.
    db.prepare(
      `INSERT OR IGNORE INTO observers (id, name)
       SELECT old.observer_id, coalesce(max(${column("observer_name")}), '') FROM ${OLD} AS old
       WHERE old.id >= ? AND coalesce(old.observer_id, '') <> '' GROUP BY old.observer_id`,
    ).run(from);
    db.prepare(
      `INSERT OR IGNORE INTO observations (id, transmission_id, observer_idx, direction, snr, rssi,
         score, path_json, timestamp, raw_hex)
       SELECT old.id, old.transmission_id, observers.rowid, old.direction, old.snr, old.rssi,
         old.score, old.path_json,
         CASE typeof(old.timestamp) WHEN 'integer' THEN old.timestamp
           ELSE coalesce(CAST(strftime('%s', old.timestamp) AS INTEGER), 0) END,
         ${column("raw_hex")}
       FROM ${OLD} AS old
       JOIN transmissions ON transmissions.id = old.transmission_id
       LEFT JOIN observers ON observers.id = old.observer_id
       WHERE old.id >= ? ORDER BY old.id`,
    ).run(from);
    db.prepare(`DELETE FROM ${OLD} WHERE id >= ?`).run(from);
  });
  return true;
}
