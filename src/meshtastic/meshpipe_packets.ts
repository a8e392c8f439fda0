/**
 * `packet_history` between meshpipe's meaning (display texts for ports, NULL for an empty payload; in
 * early versions times in microseconds) and Malla's, whose grouped lists of packets break on one NULL.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { readState, writeState } from "../storage/capture_state.ts";
import { Slices } from "../storage/slices.ts";
import { transaction } from "../storage/transaction.ts";
import type { EnumNames } from "./enum_names.ts";
import { meshpipePortText } from "./meshpipe_names.ts";

/** Key of the id up to which packets have Malla's meaning. */
export const REWRITTEN_UP_TO = "meshpipe_rewritten_up_to";

/** Rows of a transaction when packets are given back. */
const ROWS = 500;

/**
 * The job that brings packets to Malla's meaning; it goes on where an earlier run had come to.
 * Undefined where that was the end.
 */
export function rewriteJob(db: DatabaseSync, names: EnumNames): Job | undefined {
  const from = Number(readState(db, REWRITTEN_UP_TO) ?? 0);
  const left = db.prepare("SELECT 1 FROM packet_history WHERE id > ? LIMIT 1").get(from);
  if (left === undefined) return undefined;
  const slices = new Slices();
  return {
    name: "meshpipe_rewrite",
    everyMs: 0,
    step(budgetMs) {
      return slices.run(budgetMs, (rows) => rewriteSome(db, names, rows));
    },
  };
}

function rewriteSome(db: DatabaseSync, names: EnumNames, most: number): boolean {
  return transaction(db, () => {
    const from = Number(readState(db, REWRITTEN_UP_TO) ?? 0);
    const rows = db.prepare(
      `SELECT id, timestamp, portnum, portnum_name,
         raw_payload IS NULL OR payload_length IS NULL AS bare
       FROM packet_history WHERE id > ? ORDER BY id LIMIT ?`,
    ).all(from, most);
    if (rows.length === 0) return false;
    const update = db.prepare(
      `UPDATE packet_history SET timestamp = ?, portnum_name = ?,
         raw_payload = ifnull(raw_payload, x''), payload_length = ifnull(payload_length, 0)
       WHERE id = ?`,
    );
    for (const row of rows) {
      const time = Number(row["timestamp"]);
      const seconds = Math.abs(time) >= 1e12 ? time / 1e6 : time;
      const port = row["portnum"];
      // meshpipe always has a number; without one, the packet was ours and could not be read.
      const name = typeof port === "number" ? portName(port, names) : null;
      if (name !== row["portnum_name"] || seconds !== row["timestamp"] || row["bare"] === 1) {
        update.run(seconds, name, row["id"]!);
      }
    }
    writeState(db, REWRITTEN_UP_TO, Number(rows.at(-1)!["id"]));
    return rows.length === most;
  });
}

/**
 * Gives all packets back to meshpipe's texts, a transaction for some hundred rows: broken off, it
 * can simply be called again.
 */
export function returnMeshpipePackets(
  db: DatabaseSync,
  names: EnumNames,
  onProgress: (doneUpToId: number) => void,
): number {
  const select = db.prepare(
    `SELECT id, portnum, portnum_name, message_type, length(raw_payload) = 0 AS empty
     FROM packet_history WHERE id > ? ORDER BY id LIMIT ${ROWS}`,
  );
  const update = db.prepare(
    `UPDATE packet_history SET portnum_name = ?,
       raw_payload = CASE WHEN length(raw_payload) > 0 THEN raw_payload END
     WHERE id = ?`,
  );
  let last = 0, changed = 0;
  for (;;) {
    const rows = select.all(last);
    if (rows.length === 0) return changed;
    transaction(db, () => {
      for (const row of rows) {
        const port = typeof row["portnum"] === "number" ? row["portnum"] : null;
        const type = typeof row["message_type"] === "string" ? row["message_type"] : null;
        const text = meshpipePortText(port, type, names.portnum);
        if (text === row["portnum_name"] && row["empty"] !== 1) continue;
        update.run(text, row["id"]!);
        changed++;
      }
    });
    last = Number(rows.at(-1)!["id"]);
    onProgress(last);
  }
}

function portName(port: number, names: EnumNames): string {
  return names.portnum[port] ?? `UNKNOWN_${port}`;
}
