/**
 * Requests of CoreScope's server to delete nodes: it may not write, and so leaves a file beside the
 * database.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { dirname, join } from "node:path";
import type { Job } from "../capture/network.ts";
import { transaction } from "../storage/transaction.ts";
import { readJsonFile } from "./json_file.ts";

const EVERY_MS = 15_000;
const REQUEST = /^request-([0-9a-fA-F]{1,64})\.json$/;
/** Nodes of a transaction. */
const KEYS = 200;

/**
 * Answers `prune-requests/request-<id>.json` beside the database: deletes the nodes, writes
 * `result-<id>.json`, removes the request. A request that cannot be read is answered with an error.
 */
export function pruneRequestsJob(db: DatabaseSync, databasePath: string): Job {
  const directory = join(dirname(databasePath), "prune-requests");
  return {
    name: "prune requests",
    everyMs: EVERY_MS,
    step(_budgetMs, nowMs) {
      const name = requestsIn(directory)[0];
      if (name === undefined) return "done";
      const id = REQUEST.exec(name)![1]!;
      const request = parseRequest(readJsonFile(join(directory, name)));
      const result = {
        id,
        // The zero of Go's time, where the request does not say.
        requestedAt: request?.requestedAt ?? "0001-01-01T00:00:00Z",
        completedAt: new Date(nowMs).toISOString(),
        deleted: request === undefined ? 0 : deleteNodes(db, request.pubkeys),
        ...(request === undefined ? { error: "the request cannot be read" } : {}),
      };
      replaceFile(join(directory, `result-${id}.json`), JSON.stringify(result, null, 2));
      Deno.removeSync(join(directory, name));
      return "more";
    },
  };
}

function requestsIn(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)]
      .filter((entry) => entry.isFile && REQUEST.test(entry.name))
      .map((entry) => entry.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function parseRequest(value: unknown): { requestedAt?: string; pubkeys: string[] } | undefined {
  if (typeof value !== "object" || value === null || !("pubkeys" in value)) return undefined;
  const { pubkeys } = value;
  if (!Array.isArray(pubkeys) || !pubkeys.every((key) => typeof key === "string")) return undefined;
  const at = "requestedAt" in value ? value.requestedAt : undefined;
  // The server reads it back as a time and would refuse anything else.
  const requestedAt = typeof at === "string" && /^\d{4}-\d\d-\d\dT/.test(at) &&
      !Number.isNaN(Date.parse(at))
    ? at
    : undefined;
  return requestedAt === undefined ? { pubkeys } : { requestedAt, pubkeys };
}

function deleteNodes(db: DatabaseSync, keys: readonly string[]): number {
  const remove = db.prepare("DELETE FROM nodes WHERE public_key = ?");
  let deleted = 0;
  for (let at = 0; at < keys.length; at += KEYS) {
    transaction(db, () => {
      for (const key of keys.slice(at, at + KEYS)) deleted += Number(remove.run(key).changes);
    });
  }
  return deleted;
}

/** Writes a file whole or not at all; what is there under its name, a link say, is replaced. */
function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    Deno.writeTextFileSync(temporary, text, { createNew: true, mode: 0o644 });
    Deno.renameSync(temporary, path);
  } catch (error) {
    remove(temporary);
    throw error;
  }
}

/** Removes what may be there; why it is to go is the error to tell, not this. */
function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // It was not made, or the folder may not be written any more.
  }
}
