/**
 * The database that a measurement begins with: empty, or with many rows. Both have the tables and
 * indexes that the service itself makes.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { pragmaNumber } from "../src/storage/maintenance.ts";
import type { BenchNetwork, Indexes } from "./networks.ts";
import { createDatabase, multiplyRows } from "./prefill.ts";
import { burstFile, FOLDER } from "./folder.ts";
import { readTraffic } from "./traffic_file.ts";

/** Messages whose rows all others are copies of. */
const POOL = 20_000;

/**
 * Makes `path`, a database of `rows` rows (0: none), durable on disk. A large one is made once and
 * copied each time.
 */
export async function makeStartFile(
  network: BenchNetwork,
  indexes: Indexes,
  rows: number,
  path: string,
): Promise<void> {
  removeDatabase(path);
  if (rows === 0) {
    await createDatabase(network, indexes, path, []);
    return;
  }
  const kept = await prefilled(network, indexes, rows);
  Deno.copyFileSync(kept, path);
  // Otherwise the kernel would write the copy while the measurement runs.
  using file = Deno.openSync(path, { write: true });
  file.syncSync();
}

/** Removes a database with its companions. */
export function removeDatabase(path: string): void {
  for (const suffix of ["", "-wal", "-shm", ".lock", ".lock-journal"]) {
    try {
      Deno.removeSync(path + suffix);
    } catch {
      // Not every one is there.
    }
  }
}

/** Path of the kept file of so many rows, made where it is missing. */
async function prefilled(
  network: BenchNetwork,
  indexes: Indexes,
  rows: number,
): Promise<string> {
  const making = `${FOLDER}/making.db`;
  removeDatabase(making);
  await createDatabase(network, indexes, making, []);
  const kept = `${FOLDER}/prefilled-${network.name}-${indexes}-${rows}-${schemaDigest(making)}.db`;
  if (!exists(kept)) {
    removeDatabase(making);
    // Another seed than the burst's: nothing of the burst may be known already.
    const pool = readTraffic(await burstFile(network, Math.min(POOL, rows), 2));
    await createDatabase(network, indexes, making, pool);
    multiplyRows(network, making, rows);
    Deno.renameSync(making, kept);
  }
  removeDatabase(making);
  return kept;
}

/** Changes with the migrations and the size of pages, so that a kept file of older ones is not taken. */
function schemaDigest(path: string): string {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const rows = db.prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
      .all();
    let digest = pragmaNumber(db, "page_size");
    for (const char of rows.map((row) => row["sql"]).join("\n")) {
      digest = Math.imul(digest, 31) + char.codePointAt(0)! | 0;
    }
    return (digest >>> 0).toString(16).padStart(8, "0");
  } finally {
    db.close();
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
