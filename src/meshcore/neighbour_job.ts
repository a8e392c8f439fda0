/**
 * Who hears whom, from observations.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Job } from "../capture/network.ts";
import { readState, writeState } from "../storage/capture_state.ts";
import { Slices } from "../storage/slices.ts";
import { transaction } from "../storage/transaction.ts";
import { NeighbourGraph, type PathResolver, PrefixIndex } from "./path_resolver.ts";
import { PAYLOAD } from "./packet.ts";
import { rfc3339 } from "./receive_time.ts";
import { DAY_MS, unixSeconds } from "./store_times.ts";

/** Milliseconds between runs; CoreScope's server reads at the same pace. */
const EVERY_MS = 60_000;
/** Key in `capture_state`: the last observation that was looked at. */
const WATERMARK = "neighbours_observation_id";

interface Edge {
  readonly a: string;
  readonly b: string;
  count: number;
  /** Unix seconds. */
  lastSeen: number;
}

/**
 * Sets where {@linkcode neighbourJob} begins. To be called when a database is opened.
 *
 * The job goes by the ids of observations, which never come again; CoreScope goes by the youngest
 * edge's time, and stops for ever once more rows follow it without an edge than it reads at a time
 * (its neighbor_builder.go:189). What CoreScope has counted meanwhile is not counted again.
 */
export function startWatermark(db: DatabaseSync, nowMs: number, maxAgeDays: number): void {
  const known = Number(readState(db, WATERMARK) ?? -1);
  const newest = db.prepare("SELECT max(last_seen) AS t FROM neighbor_edges").get()?.["t"];
  const newestMs = typeof newest === "string" ? Date.parse(newest) : NaN;
  // Edges older than that would be deleted at once.
  const oldest = maxAgeDays > 0 ? unixSeconds(nowMs - maxAgeDays * DAY_MS) : 0;
  const from = Number.isNaN(newestMs) ? oldest : Math.max(oldest, unixSeconds(newestMs));
  const counted = lastBefore(db, from);
  if (counted > known) writeState(db, WATERMARK, counted);
}

/** The last observation before the first whose time is `from` or later. Ids go with time. */
function lastBefore(db: DatabaseSync, from: number): number {
  let low = 0;
  let high = Number(db.prepare("SELECT max(id) AS id FROM observations").get()?.["id"] ?? 0);
  // The timestamp's index may not exist yet, so the ids are searched by halves.
  const next = db.prepare(
    "SELECT id, timestamp FROM observations WHERE id > ? ORDER BY id LIMIT 1",
  );
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const row = next.get(middle);
    if (row === undefined || Number(row["id"]) > high) high = middle;
    else if (Number(row["timestamp"]) < from) low = Number(row["id"]);
    else high = middle;
  }
  return low;
}

/**
 * Counts edges of new observations and renews what paths are resolved with. An edge joins the sender
 * of an advert and its first hop (or its observer, when there is none), and the observer and the
 * last hop; a hop counts when one known node alone begins with it. A TRACE without a route has none:
 * CoreScope takes its SNR values for hops.
 */
export function neighbourJob(db: DatabaseSync, paths: PathResolver): Job {
  const select = db.prepare(
    `SELECT seen.id, sent.payload_type = ${PAYLOAD.ADVERT} AS advert,
       sent.payload_type = ${PAYLOAD.TRACE} AS trace,
       coalesce(sent.from_pubkey, '') AS sender, sent.decoded_json AS decoded,
       coalesce(seen.path_json, '') AS path, coalesce(observers.id, '') AS observer, seen.timestamp
     FROM observations AS seen
     JOIN transmissions AS sent ON sent.id = seen.transmission_id
     LEFT JOIN observers ON observers.rowid = seen.observer_idx
     WHERE seen.id > ? ORDER BY seen.id LIMIT ?`,
  );
  const upsert = db.prepare(
    `INSERT INTO neighbor_edges (node_a, node_b, count, last_seen) VALUES (?, ?, ?, ?)
     ON CONFLICT (node_a, node_b) DO UPDATE SET count = coalesce(count, 0) + excluded.count,
       last_seen = max(coalesce(last_seen, ''), excluded.last_seen)`,
  );
  const slices = new Slices({ maxRows: 1000 });
  const keys = db.prepare(
    "SELECT group_concat(public_key) AS all_keys FROM (SELECT public_key FROM nodes ORDER BY public_key)",
  );
  let running = false;
  let known = "";

  const renewPaths = (): void => {
    // The keys themselves, for numbers of rows are used again; one text costs a tenth of an index of them.
    const now = createHash("sha256").update(String(keys.get()!["all_keys"])).digest("base64");
    if (known !== now) {
      paths.index = PrefixIndex.read(db);
      known = now;
    }
    if (paths.graphIsStale) {
      paths.graph = NeighbourGraph.read(db);
      paths.graphIsStale = false;
    }
  };

  const chunk = (most: number): boolean => {
    const edges = new Map<string, Edge>();
    const more = transaction(db, () => {
      const rows = select.all(Number(readState(db, WATERMARK) ?? 0), most);
      if (rows.length === 0) return false;
      for (const row of rows) edgesOf(row, paths.index, edges);
      for (const { a, b, count, lastSeen } of edges.values()) {
        upsert.run(a, b, count, rfc3339(lastSeen));
      }
      writeState(db, WATERMARK, Number(rows.at(-1)!["id"]));
      return rows.length === most;
    });
    for (const { a, b } of edges.values()) paths.graph.add(a, b);
    return more;
  };

  return {
    name: "neighbours",
    everyMs: EVERY_MS,
    step(budgetMs) {
      if (!running) {
        const end = performance.now() + budgetMs;
        renewPaths();
        running = true;
        // With many nodes that was enough for once.
        if (performance.now() > end) return "more";
      }
      const result = slices.run(budgetMs, chunk);
      running = result === "more";
      return result;
    },
  };
}

function edgesOf(
  row: Record<string, unknown>,
  index: PrefixIndex,
  edges: Map<string, Edge>,
): void {
  const observer = String(row["observer"]).toLowerCase();
  const hops = row["trace"] === 1 && !hasRoute(row) ? [] : parseHops(String(row["path"]));
  const sender = row["advert"] === 1 ? senderOf(row) : "";
  const lastSeen = Number(row["timestamp"]);
  const add = (from: string, to: string | undefined) => {
    if (from === "" || to === undefined || to === "" || from === to) return;
    const [a, b] = from <= to ? [from, to] : [to, from];
    const known = edges.get(`${a} ${b}`);
    if (known === undefined) edges.set(`${a} ${b}`, { a, b, count: 1, lastSeen });
    else {
      known.count++;
      known.lastSeen = Math.max(known.lastSeen, lastSeen);
    }
  };
  if (hops.length === 0) return add(sender, observer);
  add(sender, index.unique(hops[0]!));
  add(observer, index.unique(hops.at(-1)!));
}

/** Key of an advert's node; old rows have it in their decoding alone. */
function senderOf(row: Record<string, unknown>): string {
  const known = String(row["sender"]);
  if (known !== "") return known.toLowerCase();
  const decoded = parseJson(row["decoded"]);
  if (typeof decoded !== "object" || decoded === null || !("pubKey" in decoded)) return "";
  return typeof decoded.pubKey === "string" ? decoded.pubKey.toLowerCase() : "";
}

/** Whether a TRACE has a route; without one its path holds SNR values, which are nobody's key. */
function hasRoute(row: Record<string, unknown>): boolean {
  const decoded = parseJson(row["decoded"]);
  return typeof decoded === "object" && decoded !== null && "pathData" in decoded;
}

function parseHops(text: string): string[] {
  if (text === "" || text === "[]") return [];
  const hops = parseJson(text);
  return Array.isArray(hops) && hops.every((hop) => typeof hop === "string") ? hops : [];
}

function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
