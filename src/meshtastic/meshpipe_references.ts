/**
 * What meshpipe's upgrade of its first databases left behind. It renames `packet_history` to
 * `packet_history_legacy`, fills a new table and drops the old one; SQLite has the tables that were
 * there already refer to the one that is gone, and with foreign keys on it refuses every row for them.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

/** The table that references were left to. */
const GONE = "packet_history_legacy";

/**
 * Lets tables that refer to `packet_history_legacy` refer to `packet_history`, at once however large
 * the file is. To be called inside a transaction: broken off, nothing of it has happened. Rows
 * in them whose packets retention had deleted while they referred to nothing stay.
 */
export function mendReferences(db: DatabaseSync): void {
  const broken = db.prepare(
    `SELECT 1 FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f
     WHERE m.type = 'table' AND lower(f."table") = '${GONE}'
       AND NOT EXISTS (SELECT 1 FROM sqlite_master WHERE lower(name) = '${GONE}')`,
  ).get();
  if (broken === undefined) return;
  // Renamed there and back, it takes along whatever refers to either name. The legacy way of renaming
  // leaves views as they are: meshpipe's may not fit the tables before the migrations have run.
  db.exec("PRAGMA legacy_alter_table = ON");
  try {
    db.exec(`ALTER TABLE packet_history RENAME TO ${GONE}`);
    db.exec(`ALTER TABLE ${GONE} RENAME TO packet_history`);
  } finally {
    db.exec("PRAGMA legacy_alter_table = OFF");
  }
}
