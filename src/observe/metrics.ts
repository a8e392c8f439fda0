/**
 * The service's Prometheus metrics.
 *
 * Counting happens in plain numbers; they are handed to prom-client when somebody scrapes. That
 * makes one count cost a few nanoseconds instead of 140 to 370.
 *
 * @module
 */
import type * as promClient from "prom-client";
import counter from "prom-client/lib/counter.js";
import gauge from "prom-client/lib/gauge.js";
import histogram from "prom-client/lib/histogram.js";
import registry from "prom-client/lib/registry.js";
import { type Clock, systemClock } from "../capture/clock.ts";
import {
  type MetricDefinition,
  type MetricName,
  metricName,
  METRICS,
} from "./metric_definitions.ts";

// Four files of prom-client: its main file also loads a cluster's aggregator, a push gateway's client
// and Node's HTTP for it, 4 MB of memory and a tenth of a second at the start.
const Counter = counter as typeof promClient.Counter;
const Gauge = gauge as typeof promClient.Gauge;
const Histogram = histogram as typeof promClient.Histogram;
const Registry = registry as typeof promClient.Registry;

/** A counter's series, cheap to add to. */
export class Tally {
  #pending = 0;
  readonly #flushInto: (n: number) => void;

  /** Hands what was counted to `flushInto`. */
  constructor(flushInto: (n: number) => void) {
    this.#flushInto = flushInto;
  }

  /** Adds `n`, which must not be negative. */
  add(n = 1): void {
    if (n > 0) this.#pending += n;
  }

  /** Hands over what was counted since the last time. */
  flush(): void {
    if (this.#pending === 0) return;
    const n = this.#pending;
    this.#pending = 0;
    this.#flushInto(n);
  }
}

/** A gauge's or histogram's series. */
export interface Series {
  /** Sets a gauge, or adds an observation to a histogram. */
  record(value: number): void;
}

/** Fills in gauges right before a scrape is answered; one that returns a promise is waited for. */
export type Collector = () => void | Promise<void>;

/** Options of {@linkcode Metrics}. */
export interface MetricsOptions {
  /** Prefix of every name, with or without a `_` at its end. @default "meshcapture" */
  readonly prefix?: string;
  /** Version of meshcapture, for `build_info`. */
  readonly version: string;
  /** Stamps the start and limits the collectors. */
  readonly clock?: Clock;
  /** Memory of the process. @default Deno.memoryUsage */
  readonly memoryUsage?: () => { rss: number; heapUsed: number; external: number };
  /** Milliseconds that all collectors of a scrape may take together. @default 1000 */
  readonly collectMs?: number;
}

type AnyMetric =
  | promClient.Counter<string>
  | promClient.Gauge<string>
  | promClient.Histogram<string>;

/** The registry with every metric of the table, and nothing that is not in it. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #metrics = new Map<MetricName, AnyMetric>();
  readonly #tallies = new Map<string, Tally>();
  readonly #series = new Map<string, Series>();
  readonly #collectors: Collector[] = [];
  readonly #clock: Clock;
  readonly #collectMs: number;

  /** Makes the registry; nothing runs until {@linkcode Metrics.render}. */
  constructor(options: MetricsOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#collectMs = options.collectMs ?? 1000;
    const prefix = options.prefix ?? "meshcapture";
    for (const name of Object.keys(METRICS) as MetricName[]) {
      this.#metrics.set(name, create(prefix, name, METRICS[name], this.#registry));
    }
    this.gauge("build_info", { version: options.version, deno: Deno.version.deno }).record(1);
    this.gauge("start_time_seconds").record(this.#clock.now() / 1000);
    const memoryUsage = options.memoryUsage ?? Deno.memoryUsage;
    const rss = this.gauge("memory_rss_bytes");
    const heap = this.gauge("memory_heap_used_bytes");
    const external = this.gauge("memory_external_bytes");
    this.addCollector(() => {
      const memory = memoryUsage();
      rss.record(memory.rss);
      heap.record(memory.heapUsed);
      external.record(memory.external);
    });
  }

  /** Content type of {@linkcode Metrics.render}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /**
   * The counter's series with these labels; from now on it is shown, with 0 at first. Keep it where
   * it is used often.
   */
  counter(name: MetricName, labels: Readonly<Record<string, string>> = {}): Tally {
    const key = seriesKey(name, labels);
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      const metric = this.#metrics.get(name);
      if (!(metric instanceof Counter)) throw new TypeError(`${name} is no counter`);
      const child = metric.labels(safeLabels(labels));
      child.inc(0);
      tally = new Tally((n) => child.inc(n));
      this.#tallies.set(key, tally);
    }
    return tally;
  }

  /** The gauge's series with these labels; it is shown once it has a value. */
  gauge(name: MetricName, labels: Readonly<Record<string, string>> = {}): Series {
    return this.#recorded(name, labels, (metric) => {
      if (!(metric instanceof Gauge)) throw new TypeError(`${name} is no gauge`);
      const child = metric.labels(safeLabels(labels));
      return { record: (value) => child.set(Number.isFinite(value) ? value : 0) };
    });
  }

  /** The histogram's series with these labels. */
  histogram(name: MetricName, labels: Readonly<Record<string, string>> = {}): Series {
    return this.#recorded(name, labels, (metric) => {
      if (!(metric instanceof Histogram)) throw new TypeError(`${name} is no histogram`);
      metric.zero(safeLabels(labels));
      const child = metric.labels(safeLabels(labels));
      return { record: (value) => child.observe(Number.isFinite(value) ? value : 0) };
    });
  }

  #recorded(
    name: MetricName,
    labels: Readonly<Record<string, string>>,
    make: (metric: AnyMetric | undefined) => Series,
  ): Series {
    const key = seriesKey(name, labels);
    let series = this.#series.get(key);
    if (series === undefined) {
      series = make(this.#metrics.get(name));
      this.#series.set(key, series);
    }
    return series;
  }

  /** Has `collector` run before each scrape is answered. One that fails or is late is passed over. */
  addCollector(collector: Collector): void {
    this.#collectors.push(collector);
  }

  /** The metrics in Prometheus' text format. */
  async render(): Promise<string> {
    const collecting = this.#collect();
    if (collecting !== undefined) await collecting;
    for (const tally of this.#tallies.values()) tally.flush();
    return await this.#registry.metrics();
  }

  /**
   * Asks the collectors; undefined when all have answered. In a burst every wait, however short,
   * lets a slice of decoding go first.
   */
  #collect(): Promise<void> | undefined {
    const waiting: Promise<void>[] = [];
    for (const collector of this.#collectors) {
      try {
        const answer = collector();
        if (answer !== undefined) waiting.push(answer);
      } catch {
        // Passed over: the others' figures are still true.
      }
    }
    return waiting.length === 0 ? undefined : this.#waitFor(waiting);
  }

  /** A storage thread that hangs must not hang the scrape that would show it. */
  async #waitFor(answers: readonly Promise<void>[]): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = this.#clock.setTimer(resolve, this.#collectMs);
    try {
      await Promise.race([Promise.allSettled(answers), late]);
    } finally {
      this.#clock.clearTimer(timer);
    }
  }
}

function create(
  prefix: string,
  name: MetricName,
  definition: MetricDefinition,
  registry: promClient.Registry,
): AnyMetric {
  const common = {
    name: metricName(prefix, name),
    help: definition.help,
    labelNames: [...definition.labels ?? []],
    registers: [registry],
  };
  switch (definition.kind) {
    case "counter":
      return new Counter(common);
    case "gauge":
      return new Gauge(common);
    case "histogram":
      return new Histogram({ ...common, buckets: [...definition.buckets ?? []] });
  }
}

function seriesKey(name: string, labels: Readonly<Record<string, string>>): string {
  return `${name}\u0000${Object.values(labels).join("\u0000")}`;
}

/**
 * Label values without control characters. The format needs only line feeds escaped, but readers
 * that split at every Unicode line end exist.
 */
function safeLabels(labels: Readonly<Record<string, string>>): Record<string, string> {
  const safe: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) {
    safe[name] = value.toWellFormed().replace(/[\p{Cc}\u2028\u2029]/gu, "\ufffd").slice(0, 128);
  }
  return safe;
}
