/**
 * Which nodes can do path hashes of several bytes: CoreScope's server finds out, and leaves a
 * snapshot beside the database, which it may not write itself.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { dirname, join } from "node:path";
import type { Job } from "../capture/network.ts";
import { transaction } from "../storage/transaction.ts";
import { readJsonFile } from "./json_file.ts";

const EVERY_MS = 5 * 60_000;
/** Nodes of a transaction. */
const ENTRIES = 200;

interface Entry {
  readonly publicKey: string;
  /** 2 confirmed, 1 suspected. */
  readonly support: number;
  readonly evidence: string;
}

/** Takes `mbcap-snapshot/snapshot.json` over into the nodes. What is unknown changes nothing. */
export function multibyteJob(db: DatabaseSync, databasePath: string): Job {
  const path = join(dirname(databasePath), "mbcap-snapshot", "snapshot.json");
  const update = (table: string) =>
    db.prepare(
      `UPDATE ${table} SET multibyte_sup = ?, multibyte_evidence = ? WHERE public_key = ?
       AND (multibyte_sup <> ? OR multibyte_evidence IS NOT ?)`,
    );
  const [active, inactive] = [update("nodes"), update("inactive_nodes")];
  let taken: string | undefined;
  let waiting: Entry[] = [];

  return {
    name: "multibyte snapshot",
    everyMs: EVERY_MS,
    step(budgetMs) {
      const end = performance.now() + budgetMs;
      if (waiting.length === 0) {
        const version = versionOf(path);
        if (version === undefined || version === taken) return "done";
        waiting = parseSnapshot(readJsonFile(path));
        taken = version;
      }
      while (waiting.length > 0 && performance.now() < end) {
        const some = waiting.slice(0, ENTRIES);
        transaction(db, () => {
          for (const { publicKey, support, evidence } of some) {
            active.run(support, evidence, publicKey, support, evidence);
            inactive.run(support, evidence, publicKey, support, evidence);
          }
        });
        waiting = waiting.slice(ENTRIES);
      }
      return waiting.length > 0 ? "more" : "done";
    },
  };
}

/** Tells one state of the file from another; undefined when there is none. */
function versionOf(path: string): string | undefined {
  try {
    const { mtime, size } = Deno.statSync(path);
    return `${mtime?.getTime()} ${size}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function parseSnapshot(value: unknown): Entry[] {
  if (typeof value !== "object" || value === null || !("entries" in value)) return [];
  if (!Array.isArray(value.entries)) return [];
  return value.entries.flatMap((entry: unknown) => {
    if (typeof entry !== "object" || entry === null) return [];
    const { public_key, status, evidence } = entry as Record<string, unknown>;
    const support = status === "confirmed" ? 2 : status === "suspected" ? 1 : 0;
    if (typeof public_key !== "string" || support === 0) return [];
    return [{
      publicKey: public_key,
      support,
      evidence: typeof evidence === "string" ? evidence : "",
    }];
  });
}
