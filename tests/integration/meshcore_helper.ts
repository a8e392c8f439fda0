/** MeshCore traffic to publish, and how to see what became of it. @module */
import assert from "node:assert/strict";
import { createChannelKeyRing } from "../../src/meshcore/channels.ts";
import { createMeshcoreDecoder } from "../../src/meshcore/decoder.ts";
import { createRegionScopes } from "../../src/meshcore/regions.ts";
import { createMeshcoreTraffic, trafficConfig } from "../../src/meshcore/traffic_generator.ts";
import type { GeneratedMessage } from "../../src/network_descriptor.ts";
import { queryDatabase, ServiceProcess } from "../helpers/service_process.ts";
import type { Scratch } from "../helpers/scratch.ts";
import { waitUntil } from "../helpers/wait.ts";
import { fixture } from "../meshcore/fixtures.ts";
import type { Published } from "./traffic_helper.ts";

/** A packet as an observer publishes it. */
export interface Reception extends Published {
  /** What the database must show of it: hash, observer and path. */
  readonly key: string;
  /** Id of the observer. */
  readonly observer: string;
}

/** `n` packets of the generator of which no two are the same observation. */
export async function distinctReceptions(n: number, seed: number): Promise<Reception[]> {
  const traffic = createMeshcoreTraffic({ seed, startMs: Date.now(), signAdverts: true });
  const decoder = createMeshcoreDecoder({
    keys: createChannelKeyRing({ hashChannels: trafficConfig.hash_channels }),
    regions: createRegionScopes(trafficConfig.hash_regions),
  });
  const found = new Map<string, Reception>();
  while (found.size < n) {
    const batch = Array.from({ length: 1000 }, (): GeneratedMessage => traffic.next().value);
    const decoded = await decoder.decode(batch.map(({ topic, payload, atMs }) => ({
      source: "made",
      topic,
      payload,
      receivedAt: atMs,
      qos: 1 as const,
      retained: false,
      redelivered: false,
    })));
    decoded.forEach((one, index) => {
      if (one.kind !== "record" || one.record.kind !== "packet" || found.size >= n) return;
      const { transmission, observation, observer } = one.record;
      const key = observationKey(transmission.hash, observer!.id, observation.pathJson);
      const { topic, payload } = batch[index]!;
      if (!found.has(key)) found.set(key, { key, observer: observer!.id, topic, payload });
    });
  }
  return [...found.values()];
}

/** See {@linkcode Reception}. */
export function observationKey(hash: unknown, observer: unknown, path: unknown): string {
  return `${hash} ${observer} ${path}`;
}

/** Observations in a database, newest last, from the row after `after` on. */
export const OBSERVATIONS = `SELECT seen.id, sent.hash, observers.id AS observer, seen.path_json
  FROM observations AS seen JOIN transmissions AS sent ON sent.id = seen.transmission_id
  LEFT JOIN observers ON observers.rowid = seen.observer_idx`;

/**
 * Asserts that `published` and nothing else was stored, and taken in once: two rows of one
 * observation cannot be, so that it was counted once shows in the observers' `packet_count`.
 */
export function assertReceptions(database: string, published: readonly Reception[]): void {
  const rows = queryDatabase(database, OBSERVATIONS);
  const stored = new Set(
    rows.map((row) => observationKey(row["hash"], row["observer"], row["path_json"])),
  );
  const lost = published.filter((one) => !stored.has(one.key)).length;
  const counted = Object.fromEntries(
    queryDatabase(database, "SELECT id, packet_count FROM observers ORDER BY id")
      .map((row) => [row["id"], row["packet_count"]]),
  );
  const expected: Record<string, number> = {};
  for (const { observer } of published) expected[observer] = (expected[observer] ?? 0) + 1;
  assert.deepEqual({ lost, rows: rows.length, counted }, {
    lost: 0,
    rows: published.length,
    counted: expected,
  });
}

/** Rows of a table; 0 while there is none. */
export function rowsOf(database: string, table: string): number {
  try {
    return Number(queryDatabase(database, `SELECT count(*) AS n FROM ${table}`)[0]!["n"]);
  } catch {
    // Not made yet, or about to be.
    return 0;
  }
}

/** Waits until `table` has at least `n` rows. */
export async function storedIn(
  service: ServiceProcess,
  database: string,
  table: string,
  n: number,
  timeoutMs = 30_000,
): Promise<void> {
  try {
    await waitUntil(() => rowsOf(database, table) >= n, `${n} rows of ${table}`, timeoutMs);
  } catch (error) {
    throw new Error(`${rowsOf(database, table)} rows of ${n}\n${service.log}`, { cause: error });
  }
}

/** A source in CoreScope's words. */
export interface CoreScopeSource {
  readonly name: string;
  readonly broker: string;
  readonly [key: string]: unknown;
}

/** A service that stands in for CoreScope's ingestor, with the file and the start of that one. */
export async function coreScopeService(
  scratch: Scratch,
  sources: readonly CoreScopeSource[],
  more: Record<string, unknown> = {},
  args: readonly string[] = [],
): Promise<{ service: ServiceProcess; database: string; stats: string }> {
  const database = scratch.file("meshcore.db");
  const stats = scratch.file("ingestor-stats.json");
  const service = await ServiceProcess.prepare({
    scratch,
    file: "config.json",
    document: {
      ...JSON.parse(fixture("config.json")),
      dbPath: database,
      mqttSources: sources.map((source) => ({ topics: ["meshcore/#"], ...source })),
      ...more,
    },
    command: ["-config"],
    args,
    env: { CORESCOPE_INGESTOR_STATS: stats },
  });
  return { service, database, stats };
}
