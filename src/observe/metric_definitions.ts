/**
 * Every metric of the service, in one table. The registry and docs/metrics.md are both made from
 * it, so they cannot differ.
 *
 * @module
 */

/** One metric. The prefix is put before its name. */
export interface MetricDefinition {
  /** What Prometheus calls its type. */
  readonly kind: "counter" | "gauge" | "histogram";
  /** What it says, with its unit. One or two plain sentences. */
  readonly help: string;
  /** Names of its labels. */
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
  /** meshpipe has a metric of this name, without the labels `network` and `source`. */
  readonly meshpipe?: true;
}

/** What a label's values are, for the reference. */
export const LABELS: Readonly<Record<string, string>> = {
  source: "name of a configured source",
  network: "`meshtastic` or `meshcore`",
  qos: "`0` or `1`",
  broker: "address that an embedded broker listens on, such as `0.0.0.0:1883`",
  kind: "what was found: `silent`, `never_heard`, `stalled`, `disconnected`, `recovered`",
  type: "kind of content that the network's decoder names, such as `POSITION_APP`; else `other`",
  reason: "why; from a closed set, else `other`",
  background_job: "name of a background job of the store, such as `retention`; else `other`",
  result: "how decryption went, such as `none`, `hash`, `trial`, `no_key`; else `other`",
  processed_successfully: "`true` when the packet was read to its payload, else `false`",
  version: "version of meshcapture",
  deno: "version of the runtime",
};

/** Every metric by its name without prefix. */
export const METRICS = {
  messages_received_total: {
    kind: "counter",
    help: "Messages that the brokers delivered, by the QoS of the delivery.",
    labels: ["source", "qos"],
    meshpipe: true,
  },
  messages_dropped_total: {
    kind: "counter",
    help: "Messages that are not stored, by rule.",
    labels: ["network", "reason"],
    meshpipe: true,
  },
  duplicates_skipped_total: {
    kind: "counter",
    help: "Redeliveries and retained messages that are stored already.",
    labels: ["source"],
  },
  packets_decoded_total: {
    kind: "counter",
    help: "Messages that became a record, by kind of content.",
    labels: ["network", "type"],
  },
  decode_errors_total: {
    kind: "counter",
    help:
      "Records that only say why the message could not be read. Packets for which no key is known are not among them: see decrypt_results_total.",
    labels: ["network"],
    meshpipe: true,
  },
  decrypt_results_total: {
    kind: "counter",
    help: "How decryption went, for every record.",
    labels: ["network", "result"],
  },
  packets_stored_total: {
    kind: "counter",
    help: "Packets that are committed. Counted after the commit, never before.",
    labels: ["network", "processed_successfully"],
    meshpipe: true,
  },
  store_errors_total: {
    kind: "counter",
    help: "Failed writes. A batch that fails is kept and tried again, and each time counts.",
    labels: ["network", "reason"],
    meshpipe: true,
  },
  quarantined_total: {
    kind: "counter",
    help: "Records that the database refused for themselves; their messages are kept apart.",
    labels: ["network"],
  },
  job_failures_total: {
    kind: "counter",
    help:
      "Failed runs of background jobs. A job that fails is tried again, and each time counts; /healthz says whether it still fails.",
    labels: ["network", "background_job"],
  },
  pipeline_errors_total: {
    kind: "counter",
    help: "Failures that nobody expected. Every one is a fault to report.",
    labels: ["network"],
    meshpipe: true,
  },
  commits_total: { kind: "counter", help: "Transactions committed.", labels: ["network"] },
  commit_batch_size: {
    kind: "histogram",
    help: "Records in one transaction.",
    labels: ["network"],
    buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000],
  },
  commit_seconds: {
    kind: "histogram",
    help: "Seconds that the storage thread spent on one transaction.",
    labels: ["network"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  storage_queue_depth: {
    kind: "gauge",
    help: "Messages that wait to be stored.",
    labels: ["network"],
    meshpipe: true,
  },
  storage_queue_bytes: {
    kind: "gauge",
    help: "Bytes of the messages that wait to be stored.",
    labels: ["network"],
  },
  node_upserts_total: {
    kind: "counter",
    help: "Rows of nodes that were written or brought up to date.",
    labels: ["network"],
    meshpipe: true,
  },
  text_messages_stored_total: {
    kind: "counter",
    help: "Text messages stored.",
    labels: ["network"],
    meshpipe: true,
  },
  positions_stored_total: {
    kind: "counter",
    help: "Positions stored.",
    labels: ["network"],
    meshpipe: true,
  },
  telemetry_stored_total: {
    kind: "counter",
    help: "Telemetry payloads stored.",
    labels: ["network"],
    meshpipe: true,
  },
  source_up: {
    kind: "gauge",
    help: "1 while the source is connected and subscribed, else 0.",
    labels: ["source"],
  },
  source_reconnects_total: {
    kind: "counter",
    help: "Times that a connection was tried again.",
    labels: ["source"],
  },
  watchdog_findings_total: {
    kind: "counter",
    help:
      "What the watchdog found of a source: silence, stalled commits, long disconnection, recovery.",
    labels: ["source", "kind"],
  },
  source_last_message_age_seconds: {
    kind: "gauge",
    help: "Seconds since the last message, or since the start while there was none.",
    labels: ["source"],
  },
  capture_gaps_total: {
    kind: "counter",
    help: "Stretches of time that were not covered; the table capture_gaps has them in full.",
    labels: ["source", "reason"],
  },
  broker_clients: {
    kind: "gauge",
    help: "Clients that are connected to the embedded broker.",
    labels: ["broker"],
  },
  broker_refusals_total: {
    kind: "counter",
    help: "Clients and messages that the embedded broker turned away.",
    labels: ["broker", "reason"],
  },
  broker_slowed_messages_total: {
    kind: "counter",
    help:
      "Messages that the embedded broker let wait because their publisher sends more than it may. None is lost by that.",
    labels: ["broker"],
  },
  database_bytes: {
    kind: "gauge",
    help: "Size of the database file in bytes.",
    labels: ["network"],
  },
  database_wal_bytes: {
    kind: "gauge",
    help: "Size of the database's write-ahead log in bytes.",
    labels: ["network"],
  },
  database_free_bytes: {
    kind: "gauge",
    help: "Bytes inside the database file that hold nothing and will be used again.",
    labels: ["network"],
  },
  database_disk_free_bytes: {
    kind: "gauge",
    help: "Bytes that may still be written to the file system that holds the database.",
    labels: ["network"],
  },
  database_intact: {
    kind: "gauge",
    help:
      "1 when the last integrity check found nothing, 0 when the database is damaged; absent before the first check.",
    labels: ["network"],
  },
  database_checked_time_seconds: {
    kind: "gauge",
    help:
      "When the database was checked last, in seconds since the epoch; absent before the first check.",
    labels: ["network"],
  },
  page_denied_total: {
    kind: "counter",
    help: "Requests for the status page and its feed that were refused.",
    labels: ["reason"],
  },
  feed_clients: { kind: "gauge", help: "Who listens to the live feed now." },
  feed_slow_clients_total: {
    kind: "counter",
    help: "Listeners of the live feed that were let go because they did not keep up.",
  },
  healthy: { kind: "gauge", help: "1 while /healthz answers 200, else 0." },
  memory_rss_bytes: { kind: "gauge", help: "Resident memory of the process in bytes." },
  memory_heap_used_bytes: {
    kind: "gauge",
    help: "JavaScript heap in use by the main thread, in bytes.",
  },
  memory_external_bytes: {
    kind: "gauge",
    help: "Memory outside the heap that the main thread's objects hold, in bytes.",
  },
  start_time_seconds: {
    kind: "gauge",
    help: "When the service started, in seconds since the epoch.",
  },
  build_info: {
    kind: "gauge",
    help: "Always 1; the labels say what is running.",
    labels: ["version", "deno"],
  },
} as const satisfies Record<string, MetricDefinition>;

/** Name of a metric, without prefix. */
export type MetricName = keyof typeof METRICS;

const PREFIX = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Whether `prefix` may begin a metric's name; it may end with `_` or not. */
export function isMetricsPrefix(prefix: string): boolean {
  return PREFIX.test(prefix) && !/^_+$/.test(prefix);
}

/**
 * `prefix` and `name` joined by one `_`, whether the prefix ends with it or not:
 * `meshcapture_` and `meshpipe_capture` are both right.
 *
 * @throws {RangeError} when {@linkcode isMetricsPrefix} says no; the configuration asks it first.
 */
export function metricName(prefix: string, name: string): string {
  if (!isMetricsPrefix(prefix)) throw new RangeError(`not a metrics prefix: ${prefix}`);
  return `${prefix.replace(/_+$/, "")}_${name}`;
}
