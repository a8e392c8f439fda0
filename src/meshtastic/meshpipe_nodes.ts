/**
 * `node_info` between meshpipe's meaning (numbers for hardware and role, MAC without colons) and
 * Malla's (enum names, MAC with colons).
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import type { EnumNames } from "./enum_names.ts";
import { displayWords } from "./meshpipe_names.ts";
import { hexIdOf } from "./node_merge.ts";

const COLUMNS = `node_id, hex_id, long_name, short_name, hw_model, hw_model_name, role, role_name,
  mac_address, first_seen, last_updated`;

/**
 * Brings nodes that meshpipe wrote to Malla's meaning; others stay as they are. To be called inside
 * a transaction. The table is small: a node is a few microseconds.
 *
 * @returns how many rows changed.
 */
export function adoptMeshpipeNodes(db: DatabaseSync, names: EnumNames): number {
  const update = db.prepare(
    `UPDATE node_info SET hex_id = ?, hw_model = ?, hw_model_name = ?, role = ?, role_name = ?,
       mac_address = ?, first_seen = ?, last_updated = ? WHERE node_id = ?`,
  );
  let changed = 0;
  for (const row of db.prepare(`SELECT ${COLUMNS} FROM node_info`).all()) {
    const hardware = numberIn(row["hw_model"]), role = numberIn(row["role"]);
    if (hardware === undefined && role === undefined) continue;
    // meshpipe writes 0 for a gateway of which nothing is known; Malla leaves it empty.
    const nameless = !row["long_name"] && !row["short_name"] && !hardware && !role;
    const hardwareName = nameless
      ? null
      : hardware === undefined
      ? row["hw_model"]!
      : hardware === 0
      ? "Unknown"
      : names.hardwareModel[hardware] ?? `UNKNOWN_${hardware}`;
    const roleName = nameless
      ? null
      : role === undefined
      ? row["role"]!
      : names.role[role] ?? `UNKNOWN_${role}`;
    const first = row["first_seen"] ?? row["last_updated"] ?? 0;
    update.run(
      hexIdOf(Number(row["node_id"])),
      hardwareName,
      row["hw_model_name"] ||
        (hardware && names.hardwareModel[hardware]
          ? displayWords(names.hardwareModel[hardware])
          : null),
      roleName,
      row["role_name"] || (typeof roleName === "string" ? displayWords(roleName) : null),
      withColons(row["mac_address"]),
      first,
      row["last_updated"] ?? first,
      row["node_id"]!,
    );
    changed++;
  }
  return changed;
}

/** Gives all nodes back to meshpipe's meaning. To be called inside a transaction. */
export function returnMeshpipeNodes(db: DatabaseSync, names: EnumNames): number {
  const hardwareNumbers = numbersOf(names.hardwareModel), roleNumbers = numbersOf(names.role);
  const update = db.prepare(
    `UPDATE node_info SET user_id = ifnull(user_id, hex_id), hw_model = ?, role = ?,
       mac_address = ? WHERE node_id = ?`,
  );
  const rows = db.prepare(`SELECT ${COLUMNS} FROM node_info`).all();
  for (const row of rows) {
    update.run(
      numberIn(row["hw_model"]) ?? numberOf(row["hw_model"], hardwareNumbers),
      numberIn(row["role"]) ?? numberOf(row["role"], roleNumbers),
      withoutColons(row["mac_address"]),
      row["node_id"]!,
    );
  }
  return rows.length;
}

/** The number in a column whose affinity may have made text of it; undefined: it holds no number. */
function numberIn(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^\d+(\.0)?$/.test(value) ? Number(value) : undefined;
}

function numbersOf(names: Readonly<Record<number, string>>): Map<string, number> {
  return new Map(Object.entries(names).map(([number, name]) => [name, Number(number)]));
}

function numberOf(name: unknown, numbers: ReadonlyMap<string, number>): bigint {
  const text = typeof name === "string" ? name : "";
  const number = numbers.get(text) ?? Number(/^UNKNOWN_(\d+)$/.exec(text)?.[1] ?? 0);
  // As an integer: a number of JavaScript's would become '43.0' in a TEXT column.
  return BigInt(number);
}

function withColons(mac: unknown): string | null {
  if (typeof mac !== "string") return null;
  if (!/^[0-9A-Fa-f]{12}$/.test(mac)) return mac;
  return mac.toLowerCase().match(/../g)!.join(":");
}

function withoutColons(mac: unknown): string | null {
  return typeof mac === "string" ? mac.replaceAll(":", "").toUpperCase() : null;
}
