/**
 * Counts what the pipelines and the sources tell.
 *
 * @module
 */
import { type Clock, systemClock } from "../capture/clock.ts";
import type { NetworkName } from "../capture/message.ts";
import type {
  CommitSummary,
  GapReason,
  RecordLabels,
  StorageReason,
  StoreStats,
} from "../capture/network.ts";
import type { PipelineObserver, SourceObserver } from "../capture/observer.ts";
import type { MetricName } from "./metric_definitions.ts";
import type { Metrics, Series, Tally } from "./metrics.ts";

/** The closed sets of one network's labels, from its descriptor. */
export interface NetworkLabels {
  /** Name of the network. */
  readonly name: NetworkName;
  /** Kinds of content that its decoder names. */
  readonly types: readonly string[];
  /** Reasons for which a message is dropped, those of the capture queue included. */
  readonly dropReasons: readonly string[];
  /** Results of decryption. */
  readonly decryptResults: readonly string[];
  /** Those of `decryptResults` that mean: no key is known. @default ["no_key"] */
  readonly noKeyResults?: readonly string[];
  /** Names of the background jobs that its store may have. */
  readonly jobs: readonly string[];
}

/** Options of {@linkcode MetricsObserver}. */
export interface MetricsObserverOptions {
  /** Measures the age of the last message. */
  readonly clock?: Clock;
  /** Names of the configured sources. */
  readonly sources: readonly string[];
  /** The configured networks. */
  readonly networks: readonly NetworkLabels[];
}

/** Reasons of the storage, for series that begin at 0; the type keeps the list complete. */
const STORAGE_REASONS: Record<StorageReason, true> = {
  disk_full: true,
  locked: true,
  io: true,
  read_only: true,
  corrupt: true,
  not_a_database: true,
  foreign_schema: true,
  newer_schema: true,
  permission: true,
  in_use: true,
  replaced: true,
  refused: true,
  closed: true,
  unexpected: true,
};

const GAP_REASONS: Record<GapReason, true> = {
  session_lost: true,
  session_restored: true,
  qos0: true,
  subscription_refused: true,
};

/** Which counts of a commit go into which counter. A network may name its tables in either way. */
const COUNTED: Readonly<Record<string, MetricName>> = {
  nodes: "node_upserts_total",
  node_info: "node_upserts_total",
  texts: "text_messages_stored_total",
  text_messages: "text_messages_stored_total",
  positions: "positions_stored_total",
  telemetry: "telemetry_stored_total",
};

/** A label with a closed set of values: everything else is counted as `other`. */
class ClosedSet {
  readonly #tallies = new Map<string, Tally>();
  readonly #other: () => Tally;

  constructor(values: Iterable<string>, tally: (value: string) => Tally) {
    for (const value of values) this.#tallies.set(value, tally(value));
    this.#other = () => tally("other");
  }

  add(value: string, n = 1): void {
    (this.#tallies.get(value) ?? this.#other()).add(n);
  }
}

interface NetworkSeries {
  readonly types: ClosedSet;
  readonly drops: ClosedSet;
  readonly decrypts: ClosedSet;
  readonly storeErrors: ClosedSet;
  readonly jobFailures: ClosedSet;
  readonly noKey: ReadonlySet<string>;
  readonly decodeErrors: Tally;
  readonly readable: Tally;
  readonly unreadable: Tally;
  readonly quarantined: Tally;
  readonly pipelineErrors: Tally;
  readonly commits: Tally;
  readonly counted: ReadonlyMap<string, Tally>;
  readonly batchSize: Series;
  readonly seconds: Series;
  readonly depth: Series;
  readonly bytes: Series;
  readonly databaseBytes: Series;
  readonly walBytes: Series;
  readonly freeBytes: Series;
}

interface SourceSeries {
  readonly qos: readonly [Tally, Tally];
  readonly duplicates: Tally;
  readonly reconnects: Tally;
  readonly gaps: ClosedSet;
  readonly up: Series;
  readonly age: Series;
  /** Monotonic milliseconds of the last message, or of the start. */
  lastAt: number;
}

/** Counts into {@linkcode Metrics}. Series of every configured source and network begin at 0. */
export class MetricsObserver implements PipelineObserver, SourceObserver {
  readonly #metrics: Metrics;
  readonly #clock: Clock;
  readonly #sources = new Map<string, SourceSeries>();
  readonly #networks = new Map<string, NetworkSeries>();
  #otherSource: SourceSeries | undefined;

  /** Makes every series of the configured sources and networks. */
  constructor(metrics: Metrics, options: MetricsObserverOptions) {
    this.#metrics = metrics;
    this.#clock = options.clock ?? systemClock;
    for (const name of options.sources) this.#sources.set(name, this.#sourceSeries(name));
    for (const labels of options.networks) {
      this.#networks.set(labels.name, this.#networkSeries(labels));
    }
    metrics.addCollector(() => {
      const now = this.#clock.monotonic();
      for (const source of this.#sources.values()) {
        source.age.record(Math.max(0, now - source.lastAt) / 1000);
      }
    });
  }

  received(source: string, qos: 0 | 1): void {
    const series = this.#source(source);
    series.qos[qos].add();
    series.lastAt = this.#clock.monotonic();
  }

  dropped(network: NetworkName, _source: string, reason: string): void {
    this.#networks.get(network)?.drops.add(reason);
  }

  duplicate(source: string): void {
    this.#source(source).duplicates.add();
  }

  decoded(network: NetworkName, labels: RecordLabels): void {
    const series = this.#networks.get(network);
    if (series === undefined) return;
    series.types.add(labels.type);
    series.decrypts.add(labels.decrypt);
    if (!labels.readable && !series.noKey.has(labels.decrypt)) series.decodeErrors.add();
  }

  committed(network: NetworkName, batchSize: number, summary: CommitSummary): void {
    const series = this.#networks.get(network);
    if (series === undefined) return;
    series.commits.add();
    series.batchSize.record(batchSize);
    series.seconds.record(summary.durationMs / 1000);
    for (const [name, n] of Object.entries(summary.counts)) series.counted.get(name)?.add(n);
  }

  stored(network: NetworkName, readable: boolean, n: number): void {
    const series = this.#networks.get(network);
    (readable ? series?.readable : series?.unreadable)?.add(n);
  }

  storeError(network: NetworkName, reason: StorageReason): void {
    this.#networks.get(network)?.storeErrors.add(reason);
  }

  quarantined(network: NetworkName, n: number): void {
    this.#networks.get(network)?.quarantined.add(n);
  }

  jobFailed(network: NetworkName, job: string): void {
    this.#networks.get(network)?.jobFailures.add(job);
  }

  queue(network: NetworkName, depth: number, bytes: number): void {
    const series = this.#networks.get(network);
    series?.depth.record(depth);
    series?.bytes.record(bytes);
  }

  pipelineError(network: NetworkName): void {
    this.#networks.get(network)?.pipelineErrors.add();
  }

  sourceUp(source: string, up: boolean): void {
    this.#source(source).up.record(up ? 1 : 0);
  }

  sourceReconnect(source: string): void {
    this.#source(source).reconnects.add();
  }

  captureGap(source: string, reason: GapReason): void {
    this.#source(source).gaps.add(reason);
  }

  /** Takes the sizes of a network's database. */
  storeStats(network: NetworkName, stats: StoreStats): void {
    const series = this.#networks.get(network);
    series?.databaseBytes.record(stats.databaseBytes);
    series?.walBytes.record(stats.walBytes);
    series?.freeBytes.record(stats.freeBytes);
  }

  #source(name: string): SourceSeries {
    return this.#sources.get(name) ?? (this.#otherSource ??= this.#sourceSeries("other"));
  }

  #sourceSeries(source: string): SourceSeries {
    const metrics = this.#metrics;
    const series: SourceSeries = {
      qos: [
        metrics.counter("messages_received_total", { source, qos: "0" }),
        metrics.counter("messages_received_total", { source, qos: "1" }),
      ],
      duplicates: metrics.counter("duplicates_skipped_total", { source }),
      reconnects: metrics.counter("source_reconnects_total", { source }),
      gaps: new ClosedSet(
        Object.keys(GAP_REASONS),
        (reason) => metrics.counter("capture_gaps_total", { source, reason }),
      ),
      up: metrics.gauge("source_up", { source }),
      age: metrics.gauge("source_last_message_age_seconds", { source }),
      lastAt: this.#clock.monotonic(),
    };
    series.up.record(0);
    return series;
  }

  #networkSeries(labels: NetworkLabels): NetworkSeries {
    const metrics = this.#metrics;
    const network = labels.name;
    const counter = (name: MetricName) => metrics.counter(name, { network });
    const gauge = (name: MetricName) => metrics.gauge(name, { network });
    const byReason = (name: MetricName, reasons: Iterable<string>) =>
      new ClosedSet(reasons, (reason) => metrics.counter(name, { network, reason }));
    const stored = (success: boolean) =>
      metrics.counter("packets_stored_total", { network, processed_successfully: `${success}` });
    const series: NetworkSeries = {
      types: new ClosedSet(
        labels.types,
        (type) => metrics.counter("packets_decoded_total", { network, type }),
      ),
      drops: byReason("messages_dropped_total", labels.dropReasons),
      decrypts: new ClosedSet(
        labels.decryptResults,
        (result) => metrics.counter("decrypt_results_total", { network, result }),
      ),
      storeErrors: byReason("store_errors_total", Object.keys(STORAGE_REASONS)),
      jobFailures: new ClosedSet(
        labels.jobs,
        (job) => metrics.counter("job_failures_total", { network, background_job: job }),
      ),
      noKey: new Set(labels.noKeyResults ?? ["no_key"]),
      decodeErrors: counter("decode_errors_total"),
      readable: stored(true),
      unreadable: stored(false),
      quarantined: counter("quarantined_total"),
      pipelineErrors: counter("pipeline_errors_total"),
      commits: counter("commits_total"),
      counted: new Map(Object.entries(COUNTED).map(([name, metric]) => [name, counter(metric)])),
      batchSize: metrics.histogram("commit_batch_size", { network }),
      seconds: metrics.histogram("commit_seconds", { network }),
      depth: gauge("storage_queue_depth"),
      bytes: gauge("storage_queue_bytes"),
      databaseBytes: gauge("database_bytes"),
      walBytes: gauge("database_wal_bytes"),
      freeBytes: gauge("database_free_bytes"),
    };
    series.depth.record(0);
    series.bytes.record(0);
    return series;
  }
}
