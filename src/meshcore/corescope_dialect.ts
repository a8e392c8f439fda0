/** CoreScope's configuration file. @module */
import type { Dialect, DialectKey } from "../config/section.ts";

/** CoreScope's default of `dbPath`. */
export const CORESCOPE_DATABASE = "data/meshcore.db";
/** CoreScope's default of `CORESCOPE_INGESTOR_STATS`. */
export const CORESCOPE_STATS_FILE = "/tmp/corescope-ingestor-stats.json";
/** Name of the keys file that CoreScope looks for beside its configuration. */
export const CORESCOPE_KEYS_FILE = "channel-rainbow.json";

function key(key: string, meaning: string, byDefault: string, shared = false): DialectKey {
  return { key, use: "served", shared, meaning, default: byDefault };
}

/** A key of CoreScope's server by which its file is recognised. */
function server(key: string): DialectKey {
  return { key, use: "ignored", shared: false, meaning: "the server's; left alone", default: "" };
}

/**
 * Keys of the `config.json` that CoreScope's ingestor and server share: all of the ingestor's, and
 * of the server's those by which the file is recognised. Whatever else stands in it is left alone.
 */
export const corescopeDialect: Dialect = {
  name: "corescope",
  title: "CoreScope",
  openEnded: true,
  keys: [
    key("dbPath", "meshcore.database", CORESCOPE_DATABASE),
    key("mqttSources", "sources: name, url, username, password, tls.verify, topics, …", ""),
    key("mqtt", "one source, where mqttSources is empty", ""),
    key("logLevel", "observability.log_level; CoreScope itself never uses it", "", true),
    key("channelKeysPath", "meshcore.channel_keys_file", CORESCOPE_KEYS_FILE),
    key("channelKeys", "meshcore.channel_keys", ""),
    key("hashChannels", "meshcore.hash_channels", ""),
    key("hashRegions", "meshcore.hash_regions", ""),
    key("retention", "meshcore.retention; observerDays -1 becomes 0", "", true),
    key("metrics", "meshcore.metrics_sample_interval_seconds", "300", true),
    key("clientRxCoverage", "meshcore.client_rx_coverage", "false"),
    key("geo_filter", "meshcore.geo_filter", ""),
    key("foreignAdverts", "meshcore.foreign_adverts", "flag"),
    key("validateSignatures", "meshcore.validate_signatures", "true"),
    key("observerIATAWhitelist", "meshcore.observer_iata_whitelist", ""),
    key("observerBlacklist", "meshcore.observer_blacklist", ""),
    key("neighborEdgesMaxAgeDays", "meshcore.neighbor_edges_max_age_days", "5"),
    key("ingestBufferSize", "queue.max_messages; when it is full, reading pauses", "20000"),
    key(
      "db",
      "incrementalVacuumPages is meshcore.incremental_vacuum_pages; vacuumOnStartup is not served",
      "",
      true,
    ),
    {
      key: "runtime",
      use: "unserved",
      shared: true,
      meaning: "maxMemoryMB is for Go's memory; queue.max_bytes bounds what waits here",
      default: "",
    },
    { key: "port", use: "ignored", shared: true, meaning: "the server's; left alone", default: "" },
    ...[
      "apiKey",
      "nodeBlacklist",
      "hiddenNamePrefixes",
      "branding",
      "nodeColors",
      "markerStroke",
      "healthThresholds",
      "defaultRegion",
      "mapDefaults",
      "cacheTTL",
      "liveMap",
      "packetStore",
      "resolvedPath",
      "neighborGraph",
      "listLimits",
      "corsAllowedOrigins",
    ].map(server),
  ],
  environment:
    "`DB_PATH`, `MQTT_BROKER` (one source named `env` in place of all others), `MQTT_TOPIC`, `CHANNEL_KEYS_PATH` and `CORESCOPE_INGESTOR_STATS`. The first four are names that other programs use too: they count with a file of CoreScope, or without any file where `CORESCOPE_INGESTOR_STATS` is set or `MQTT_TOPIC` begins with `meshcore`.",
};
