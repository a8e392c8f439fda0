/**
 * CoreScope's configuration file and environment as settings of ours.
 *
 * @module
 */
import { type Origin, originText } from "../config/problem.ts";
import type { RawNode } from "../config/raw.ts";
import type { PeerInput, PeerResult } from "../config/section.ts";
import {
  CORESCOPE_DATABASE,
  CORESCOPE_KEYS_FILE,
  CORESCOPE_STATS_FILE,
  corescopeDialect,
} from "./corescope_dialect.ts";
import { CorescopeFile } from "./corescope_file.ts";
import { defaultSource, environmentSource, fileSources, giveSources } from "./corescope_sources.ts";

const STATS_VARIABLE = "CORESCOPE_INGESTOR_STATS";
const BY_CORESCOPE: Origin = { kind: "default", dialect: corescopeDialect.title };
const NO_NODE: RawNode = { kind: "map", entries: [], place: { line: 0, column: 0 } };

/** Variables that mean nothing here, and why. */
const UNSERVED: Readonly<Record<string, string>> = {
  CORESCOPE_DB_SLOW_WRITER_MS: "slow commits show in the metrics",
  GOMEMLIMIT: "it is for Go's memory; queue.max_bytes bounds what waits here",
  ENABLE_PPROF: "there is no profiler to serve",
};

/** Smallest queue that can fill a batch of the default size. */
const MIN_QUEUE = 2000;

/**
 * Reads CoreScope's file and environment. Of its variables only `CORESCOPE_INGESTOR_STATS` has a name
 * of its own and always counts; `DB_PATH`, `MQTT_BROKER`, `MQTT_TOPIC` and `CHANNEL_KEYS_PATH` may be
 * meant for anybody, so they count only where it is clear that we stand in for CoreScope: with a file
 * of its, or without any file where `CORESCOPE_INGESTOR_STATS` is set or `MQTT_TOPIC` begins with
 * `meshcore`.
 */
export function readCorescope(input: PeerInput): PeerResult {
  const { environment } = input;
  const theirs = input.file !== undefined || (!input.ownFile && speaksOfCorescope(environment));
  const file = new CorescopeFile(input.file?.path ?? "environment");
  if (theirs) readAll(file, input);
  else if (!input.ownFile && environment["MQTT_BROKER"] !== undefined) {
    file.warnings.push(
      "environment MQTT_BROKER has no effect without a configuration of CoreScope; set MQTT_TOPIC=meshcore/# or CORESCOPE_INGESTOR_STATS to stand in for its ingestor",
    );
  }
  const stats = environment[STATS_VARIABLE];
  if (stats !== undefined) {
    const origin: Origin = { kind: "environment", variable: STATS_VARIABLE };
    file.give(["meshcore", "stats_file", "path"], stats, origin);
  }
  const { assignments, problems, warnings } = file;
  return {
    assignments,
    problems,
    warnings,
    ...(theirs ? { dialect: corescopeDialect } : {}),
  };
}

function speaksOfCorescope(environment: Readonly<Record<string, string>>): boolean {
  return environment[STATS_VARIABLE] !== undefined ||
    /^meshcore(\/|$)/.test(environment["MQTT_TOPIC"] ?? "");
}

function readAll(file: CorescopeFile, input: PeerInput): void {
  const { environment } = input;
  const root = input.file?.root ?? NO_NODE;
  const variable = (name: string): { text: string; origin: Origin } | undefined => {
    const text = environment[name];
    return text === undefined
      ? undefined
      : { text, origin: { kind: "environment", variable: name } };
  };

  const database = variable("DB_PATH");
  const path = file.text(root, "dbPath");
  if (database !== undefined) file.give(["meshcore", "database"], database.text, database.origin);
  else if (path) {
    file.give(["meshcore", "database"], path, file.origin(file.get(root, "dbPath"), "dbPath"));
  } else file.give(["meshcore", "database"], CORESCOPE_DATABASE, BY_CORESCOPE);

  const broker = environment["MQTT_BROKER"];
  const listed = fileSources(file, root);
  const sources = broker !== undefined
    ? [environmentSource(broker, environment["MQTT_TOPIC"])]
    : listed.length > 0
    ? listed
    : [defaultSource()];
  giveSources(file, sources, input.sources.length);

  readChannels(file, root, input, variable("CHANNEL_KEYS_PATH"));
  readRetention(file, root);
  readFilters(file, root);
  readRest(file, root);
  file.give(["meshcore", "stats_file", "path"], CORESCOPE_STATS_FILE, BY_CORESCOPE);
  for (const [name, why] of Object.entries(UNSERVED)) {
    if (environment[name] !== undefined) {
      file.warnings.push(`environment ${name} is accepted but not served: ${why}`);
    }
  }
}

function readChannels(
  file: CorescopeFile,
  root: RawNode,
  input: PeerInput,
  keysPath: { text: string; origin: Origin } | undefined,
): void {
  const at = ["meshcore", "channel_keys_file"];
  const named = file.text(root, "channelKeysPath");
  if (keysPath !== undefined) file.give(at, keysPath.text, keysPath.origin);
  else if (named) {
    file.give(at, named, file.origin(file.get(root, "channelKeysPath"), "channelKeysPath"));
  } else {
    const folder = /^(.*\/)?[^/]*$/.exec(input.file?.path ?? "")?.[1] ?? "";
    file.give(at, folder + CORESCOPE_KEYS_FILE, BY_CORESCOPE);
  }
  giveTexts(file, root, "hashChannels", ["meshcore", "hash_channels"]);
  giveTexts(file, root, "hashRegions", ["meshcore", "hash_regions"]);
  const keys = file.group(root, "channelKeys");
  if (keys?.kind !== "map") return;
  const list = ["meshcore", "channel_keys"];
  file.give(list, [], file.origin(keys, "channelKeys"));
  let index = 0;
  for (const { key: name, node } of keys.entries) {
    if (name.startsWith("_")) continue; // A comment: CoreScope's own example has such keys.
    const text = node.kind === "scalar" ? node.text.trim() : "";
    if (!/^[0-9a-fA-F]{32}$/.test(text) || name === "") {
      const where = originText(file.origin(node, "channelKeys"));
      file.warnings.push(
        `${where}: the key of ${JSON.stringify(name)} is no 32 hexadecimal digits; left out`,
      );
      continue;
    }
    const origin = file.origin(node, "channelKeys");
    file.give([...list, index, "name"], name, origin);
    file.give([...list, index, "key"], text, origin);
    index++;
  }
}

function readRetention(file: CorescopeFile, root: RawNode): void {
  const group = file.group(root, "retention");
  // What is 0 or less means CoreScope's default, but for observers, where less than 0 is for ever.
  const days = (key: string, ours: string, meaning: (days: number) => number | undefined) => {
    const given = file.number(group, key);
    const value = given === undefined ? undefined : meaning(Math.trunc(given));
    if (value === undefined) return;
    const origin = file.origin(file.get(group, key), `retention.${key}`);
    file.give(["meshcore", "retention", ours], value, origin);
  };
  const positive = (days: number) => days > 0 ? days : undefined;
  days("nodeDays", "node_days", positive);
  days("observerDays", "observer_days", (n) => n < 0 ? 0 : positive(n));
  days("metricsDays", "metrics_days", positive);
  days("packetDays", "packet_days", (n) => Math.max(0, n));
  days("clientRxDays", "client_rx_days", (n) => Math.max(0, n));
}

function readFilters(file: CorescopeFile, root: RawNode): void {
  giveTexts(file, root, "observerBlacklist", ["meshcore", "observer_blacklist"]);
  giveTexts(file, root, "observerIATAWhitelist", ["meshcore", "observer_iata_whitelist"]);
  const area = file.group(root, "geo_filter");
  const polygon = file.list(area, "polygon");
  if (polygon !== undefined) {
    const corners = polygon.map((corner) =>
      corner.kind === "list"
        ? corner.items.map((one) => one.kind === "scalar" ? one.value : undefined)
        : undefined
    );
    const origin = file.origin(file.get(area, "polygon"), "geo_filter.polygon");
    file.giveList(["meshcore", "geo_filter", "polygon"], corners, origin);
  }
  for (
    const [key, ours] of [
      ["bufferKm", "buffer_km"],
      ["latMin", "lat_min"],
      ["latMax", "lat_max"],
      ["lonMin", "lon_min"],
      ["lonMax", "lon_max"],
    ] as const
  ) {
    const value = file.number(area, key);
    if (value === undefined) continue;
    const origin = file.origin(file.get(area, key), `geo_filter.${key}`);
    file.give(["meshcore", "geo_filter", ours], value, origin);
  }
  const foreign = file.group(root, "foreignAdverts");
  const mode = file.text(foreign, "mode");
  if (mode !== undefined) {
    // Whatever is not "drop" means "flag" to CoreScope.
    const value = mode.trim().toLowerCase() === "drop" ? "drop" : "flag";
    file.give(["meshcore", "foreign_adverts"], value, file.origin(foreign, "foreignAdverts.mode"));
  }
}

function readRest(file: CorescopeFile, root: RawNode): void {
  const flag = (group: RawNode | undefined, key: string, name: string, ours: string) => {
    const value = file.flag(group, key);
    if (value !== undefined) file.give(["meshcore", ours], value, file.origin(group, name));
  };
  const positive = (group: RawNode | undefined, key: string, name: string, path: string[]) => {
    const value = file.number(group, key);
    // 0 and less mean the default.
    if (value !== undefined && value >= 1) {
      file.give(path, Math.trunc(value), file.origin(file.get(group, key), name));
    }
  };
  flag(root, "validateSignatures", "validateSignatures", "validate_signatures");
  const coverage = file.group(root, "clientRxCoverage");
  flag(coverage, "enabled", "clientRxCoverage.enabled", "client_rx_coverage");
  positive(file.group(root, "metrics"), "sampleIntervalSec", "metrics.sampleIntervalSec", [
    "meshcore",
    "metrics_sample_interval_seconds",
  ]);
  positive(root, "neighborEdgesMaxAgeDays", "neighborEdgesMaxAgeDays", [
    "meshcore",
    "neighbor_edges_max_age_days",
  ]);
  const buffer = file.number(root, "ingestBufferSize");
  if (buffer !== undefined && buffer >= 1) {
    const origin = file.origin(file.get(root, "ingestBufferSize"), "ingestBufferSize");
    file.give(["queue", "max_messages"], Math.max(MIN_QUEUE, Math.trunc(buffer)), origin);
  }
  const db = file.group(root, "db");
  positive(db, "incrementalVacuumPages", "db.incrementalVacuumPages", [
    "meshcore",
    "incremental_vacuum_pages",
  ]);
  if (file.flag(db, "vacuumOnStartup") === true) {
    file.warn(
      file.get(db, "vacuumOnStartup"),
      "db.vacuumOnStartup",
      "accepted but not served: run VACUUM with sqlite3 while nothing has the database open",
    );
  }
  const runtime = file.group(root, "runtime");
  if ((file.number(runtime, "maxMemoryMB") ?? 0) > 0) {
    file.warn(
      file.get(runtime, "maxMemoryMB"),
      "runtime.maxMemoryMB",
      "accepted but not served: it is for Go's memory; queue.max_bytes bounds what waits here",
    );
  }
  const level = file.text(root, "logLevel")?.trim().toLowerCase();
  const known = ["debug", "info", "warn", "error"].find((one) => level?.startsWith(one));
  const at = file.get(root, "logLevel");
  if (known !== undefined) {
    file.give(["observability", "log_level"], known, file.origin(at, "logLevel"));
  } else if (level) file.warn(at, "logLevel", "not a log level; info is used");
}

function giveTexts(file: CorescopeFile, root: RawNode, key: string, path: string[]): void {
  const values = file.texts(root, key);
  if (values !== undefined) file.giveList(path, values, file.origin(file.get(root, key), key));
}
