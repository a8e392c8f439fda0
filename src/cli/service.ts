/**
 * The service: configured sources, their networks, and the server that says how they are.
 *
 * @module
 */
import { dirname } from "node:path";
import type { Clock } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";
import type { CommitSummary, StorageReason } from "../capture/network.ts";
import type { CoreConfig } from "../config/schema.ts";
import { EmbeddedBrokers } from "../mqtt/embedded_brokers.ts";
import { Watchdog, WATCHDOG_INTERVAL_MS } from "../mqtt/watchdog.ts";
import type { Companion, NetworkDescriptor, ServiceFigures } from "../network_descriptor.ts";
import { networkNamed } from "../networks.ts";
import { type ListenAddress, parseAddress } from "../observe/address.ts";
import { type CaptureMode, HealthRegistry } from "../observe/health.ts";
import { createHandler } from "../observe/http_handler.ts";
import { HttpServer } from "../observe/http_server.ts";
import { combineObservers, loggingObserver } from "../observe/logging_observer.ts";
import { Metrics } from "../observe/metrics.ts";
import { MetricsObserver } from "../observe/metrics_observer.ts";
import { BackgroundFigures } from "../observe/background_figures.ts";
import { brokerMetrics } from "../observe/broker_metrics.ts";
import { RateLimitedLog } from "../observe/rate_limited_log.ts";
import { diskFreeBytes } from "../observe/disk_space.ts";
import { type IntegrityReport, integrityRoute } from "../observe/integrity.ts";
import { serviceRoutes } from "../observe/routes.ts";
import { VERSION } from "../version.ts";
import { IntegrityWatch } from "./integrity_watch.ts";
import { NetworkRuntime } from "./network_runtime.ts";
import { SourceRuntime } from "./source_runtime.ts";
import { pageToken, StatusPage } from "./status_page.ts";

/** Configuration with the networks' sections under their names. */
export type ServiceConfig = CoreConfig & Readonly<Record<string, unknown>>;

/** What a {@linkcode Service} works with. */
export interface ServiceParts {
  /** As loaded and checked. */
  readonly config: ServiceConfig;
  /** Time, for everything within. */
  readonly clock: Clock;
  /** Gives the log of a category. */
  readonly log: (category: string) => Log;
  /** Reads a file that a network's section names. */
  readonly readFile: (path: string) => string;
}

/** What a service did, for its last line. */
export interface ServiceSummary {
  /** Rows stored, by network. */
  readonly stored: Readonly<Record<string, number>>;
  /** Messages taken in but neither stored nor acknowledged; brokers deliver those of QoS 1 again. */
  readonly unstored: number;
  /** Milliseconds that the shutdown took. */
  readonly shutdownMs: number;
}

/** What a network's commits added up to. */
interface CommitTally {
  readonly counts: Record<string, number>;
  commits: number;
  storeErrors: number;
}

/** Milliseconds between two looks at health, jobs and sources. */
const REVIEW_MS = 1_000;

/** Age in milliseconds of the databases' sizes at which they are asked for again. */
const STATS_MS = 5_000;

/** Share of the shutdown's time that is left for closing the databases. */
const CLOSE_SHARE = 0.4;

/** Capture as configured, from start to shutdown. */
export class Service {
  readonly #parts: ServiceParts;
  readonly #log: Log;
  readonly #mode: CaptureMode;
  readonly #health: HealthRegistry;
  readonly #metrics: Metrics;
  readonly #networks = new Map<string, NetworkRuntime>();
  readonly #sources: SourceRuntime[] = [];
  readonly #stored: Record<string, number> = {};
  readonly #brokers: EmbeddedBrokers;
  readonly #stopping = new AbortController();
  readonly #watchdog = new Watchdog();
  readonly #companions: Companion[] = [];
  readonly #integrity = new Map<string, IntegrityWatch>();
  readonly #tallies = new Map<string, CommitTally>();
  readonly #page: StatusPage;
  #watchdogDue: number | undefined;
  #watchdogAt: number | undefined;
  #http: HttpServer | undefined;
  #rateLimited: RateLimitedLog | undefined;
  readonly #sizes: BackgroundFigures[] = [];
  #review: number | undefined;

  /** Opens and connects nothing before `start()`. */
  constructor(parts: ServiceParts) {
    this.#parts = parts;
    this.#log = parts.log("service");
    this.#mode = parts.config.capture_impl;
    this.#health = new HealthRegistry({ clock: parts.clock, mode: this.#mode });
    this.#metrics = new Metrics({
      prefix: parts.config.observability.metrics_prefix,
      version: VERSION,
      clock: parts.clock,
    });
    this.#brokers = new EmbeddedBrokers(parts.log("broker"), brokerMetrics(this.#metrics));
    this.#metrics.addCollector(() => {
      for (const [broker, clients] of this.#brokers.clients) {
        this.#metrics.gauge("broker_clients", { broker }).record(clients);
      }
    });
    this.#page = new StatusPage({
      config: parts.config,
      networks: this.#usedNetworks(),
      clock: parts.clock,
      health: this.#health,
      metrics: this.#metrics,
      token: pageToken(parts.config.observability, parts.readFile),
    });
  }

  /** Where metrics and health are served; undefined while they are not. */
  get address(): ListenAddress | undefined {
    return this.#http?.address;
  }

  /** Rows stored so far, by network. */
  get stored(): Readonly<Record<string, number>> {
    return this.#stored;
  }

  /**
   * Opens the databases and begins to capture. Sources connect in the background, each on its own.
   *
   * @throws {StorageError} when every database is refused.
   */
  async start(): Promise<void> {
    const { config, clock } = this.#parts;
    this.#startHttp();
    if (this.#mode === "off") {
      this.#log.info("capture_impl is off: health is answered and nothing is captured");
      this.#health.allDeclared();
      return;
    }
    const observer = this.#observer();
    for (const descriptor of this.#usedNetworks()) {
      const name = descriptor.name;
      const runtime = new NetworkRuntime({
        descriptor,
        section: config[name],
        config,
        readFile: this.#parts.readFile,
        path: this.#databasePath(descriptor),
        isLive: this.#mode !== "shadow",
        clock,
        log: this.#parts.log(name),
        observer,
        onCommitted: (batch) => this.#page.committed(descriptor, batch),
        onSettled: (sources) => {
          for (const source of sources) this.#sourceNamed(source)?.activity.settled();
        },
        storeHealth: this.#health.component(`store:${name}`),
        queueHealth: this.#health.component(`queue:${name}`),
      });
      this.#networks.set(name, runtime);
      this.#page.addNetwork(descriptor, runtime);
    }
    for (const source of config.sources) {
      this.#sources.push(
        new SourceRuntime({
          config: source,
          network: this.#networks.get(source.network)!,
          clock,
          log: this.#parts.log("mqtt"),
          observer,
          health: this.#health.component(`source:${source.name}`),
          shadow: this.#mode === "shadow",
          brokers: this.#brokers,
        }),
      );
    }
    this.#page.addSources(this.#sources, (source) => this.#watchdog.troubleOf(source));
    this.#health.allDeclared();
    const { signal } = this.#stopping;
    this.#tick();
    const refused = new Set<string>();
    await Promise.all(
      [...this.#networks].map(async ([name, runtime]) => {
        await runtime.start(signal, () => refused.add(name).size < this.#networks.size);
        this.#log.info("database open", { network: name, path: runtime.path });
        this.#startCompanion(name);
        this.#watchIntegrity(name, runtime, signal);
        this.#startSources(name, signal);
      }).concat(loadSources()),
    );
  }

  /**
   * Stops reading, commits and acknowledges what was taken in, and closes, within `budgetMs`
   * milliseconds.
   */
  async stop(budgetMs: number): Promise<ServiceSummary> {
    const { clock } = this.#parts;
    const began = clock.monotonic();
    this.#stopping.abort(new Error("shutting down"));
    if (this.#review !== undefined) clock.clearTimer(this.#review);
    for (const source of this.#sources) source.stopReading();

    const giveUp = new AbortController();
    const late = () => giveUp.abort(new Error("the time for the shutdown is nearly over"));
    const timer = clock.setTimer(late, budgetMs * (1 - CLOSE_SHARE));
    const networks = [...this.#networks.values()];
    await Promise.all(networks.map(({ pipeline }) => pipeline.drain(giveUp.signal)));
    // The minute that ends early goes with the sources' last notes.
    this.#page.review(true);
    await Promise.all(
      this.#sources.map((source) =>
        source.stop(giveUp.signal).catch((error) =>
          this.#log.error("a source did not end well", { source: source.name, error })
        )
      ),
    );
    clock.clearTimer(timer);
    await this.#brokers[Symbol.asyncDispose]();
    await Promise.all(this.#companions.map((one) => one[Symbol.asyncDispose]()));
    const left = () => Math.max(0, budgetMs - (clock.monotonic() - began));
    this.#page[Symbol.dispose]();
    await Promise.all(
      networks.map((runtime) =>
        runtime.store.close(left() * 0.8).catch((error) =>
          this.#log.error("a database did not close well", { path: runtime.path, error })
        )
      ),
    );
    await this.#http?.[Symbol.asyncDispose]();
    this.#rateLimited?.[Symbol.dispose]();
    return {
      stored: this.#stored,
      unstored: networks.reduce((sum, { pipeline }) => sum + pipeline.lost, 0),
      shutdownMs: Math.round(clock.monotonic() - began),
    };
  }

  #sourceNamed(name: string): SourceRuntime | undefined {
    return this.#sources.find((one) => one.name === name);
  }

  #startCompanion(network: string): void {
    const companion = networkNamed(network)?.companion?.(this.#parts.config[network], {
      clock: this.#parts.clock,
      log: this.#parts.log(network),
      figures: () => this.#figures(network),
    });
    if (companion === undefined || this.#mode === "shadow") return;
    this.#companions.push(companion);
    companion.start();
  }

  #watchIntegrity(network: string, runtime: NetworkRuntime, signal: AbortSignal): void {
    const watch = new IntegrityWatch({
      path: runtime.path,
      everyMs: this.#parts.config.storage.integrity_check_interval_hours * 3_600_000,
      store: runtime.store,
      clock: this.#parts.clock,
      log: this.#parts.log(network),
      onResult: (intact, checkedAtMs) => {
        this.#metrics.gauge("database_intact", { network }).record(intact ? 1 : 0);
        this.#metrics.gauge("database_checked_time_seconds", { network })
          .record(checkedAtMs / 1000);
      },
    });
    this.#integrity.set(network, watch);
    watch.run(signal);
  }

  #integrityReports(): Record<string, IntegrityReport> {
    const unknown: IntegrityReport = { status: "unknown", findings: [] };
    return Object.fromEntries(
      [...this.#networks.keys()].map((name) => [
        name,
        this.#integrity.get(name)?.report() ?? unknown,
      ]),
    );
  }

  #figures(network: string): ServiceFigures {
    const names = this.#parts.config.sources.filter((one) => one.network === network);
    const watchdogAt = this.#watchdogAt;
    return {
      sources: names.map((one) => this.#sourceNamed(one.name)!.activity.figures()),
      ...(this.#tallies.get(network) ?? { counts: {}, commits: 0, storeErrors: 0 }),
      ...(watchdogAt === undefined ? {} : { watchdogAt }),
    };
  }

  /** A network's sources start when its database is open; one that waits holds up no other. */
  #startSources(network: string, signal: AbortSignal): void {
    this.#parts.config.sources.forEach((config, index) => {
      if (config.network !== network) return;
      this.#sources[index]!.start(signal).catch((error) => {
        if (signal.aborted) return;
        this.#log.error("a source could not be started", { source: config.name, error });
      });
    });
  }

  #usedNetworks(): NetworkDescriptor[] {
    const names = new Set<string>(this.#parts.config.sources.map((one) => one.network));
    return [...names].map((name) => networkNamed(name)!);
  }

  #databasePath(descriptor: NetworkDescriptor): string {
    const path = descriptor.databasePath(this.#parts.config[descriptor.name]);
    return this.#mode === "shadow" ? shadowPath(path) : path;
  }

  #observer() {
    const { config, clock } = this.#parts;
    const used = this.#usedNetworks();
    this.#rateLimited = new RateLimitedLog(this.#parts.log("capture"), { clock });
    const ordinary = new Set(used.flatMap((one) => one.labels.ordinaryDrops));
    const metrics = new MetricsObserver(this.#metrics, {
      clock,
      sources: config.sources.map((one) => one.name),
      networks: used.map((one) => ({ name: one.name, ...one.labels })),
    });
    for (const { name } of used) {
      // The storage thread answers between two commits: a scrape in a burst would wait for it.
      const stats = new BackgroundFigures(clock, STATS_MS, async () => {
        const found = await this.#networks.get(name)?.stats();
        if (found !== undefined) metrics.storeStats(name, found);
        return found !== undefined;
      });
      this.#sizes.push(stats);
      this.#metrics.addCollector(() => stats.collect());
      this.#metrics.addCollector(async () => {
        const path = this.#networks.get(name)?.path;
        const free = path === undefined ? undefined : await diskFreeBytes(dirname(path));
        if (free === undefined) return;
        this.#metrics.gauge("database_disk_free_bytes", { network: name }).record(free);
      });
    }
    const storedNow = this.#stored;
    const tally = (network: string) => {
      let one = this.#tallies.get(network);
      if (one === undefined) {
        this.#tallies.set(network, one = { counts: {}, commits: 0, storeErrors: 0 });
      }
      return one;
    };
    const observer = combineObservers(
      metrics,
      loggingObserver(this.#rateLimited, ordinary),
      this.#page.figures,
    );
    return {
      ...observer,
      stored: (network: NetworkDescriptor["name"], readable: boolean, n: number) => {
        storedNow[network] = (storedNow[network] ?? 0) + n;
        observer.stored(network, readable, n);
      },
      committed: (network: NetworkDescriptor["name"], size: number, summary: CommitSummary) => {
        const one = tally(network);
        one.commits++;
        for (const [name, n] of Object.entries(summary.counts)) {
          one.counts[name] = (one.counts[name] ?? 0) + n;
        }
        observer.committed(network, size, summary);
      },
      storeError: (network: NetworkDescriptor["name"], reason: StorageReason) => {
        tally(network).storeErrors++;
        observer.storeError(network, reason);
      },
    };
  }

  #startHttp(): void {
    const { config, clock } = this.#parts;
    const parsed = parseAddress(config.observability.address);
    if (parsed.kind !== "listen") return;
    // A shadow must not take the port of the service that it runs beside.
    const address = this.#mode === "shadow" ? { ...parsed.address, port: 0 } : parsed.address;
    const log = this.#parts.log("http");
    this.#http = new HttpServer({
      address,
      handler: createHandler([
        ...serviceRoutes(this.#metrics, this.#health),
        integrityRoute(() => this.#integrityReports()),
        ...this.#page.routes,
      ], log),
      clock,
      log,
    });
    this.#http.start();
  }

  /** Lets the watchdog look at the sources when its time has come. */
  #watch(): void {
    const { clock } = this.#parts;
    const now = clock.monotonic();
    this.#watchdogDue ??= now + WATCHDOG_INTERVAL_MS;
    if (now < this.#watchdogDue) return;
    this.#watchdogDue = now + WATCHDOG_INTERVAL_MS;
    this.#watchdogAt = clock.now();
    const log = this.#parts.log("watchdog");
    for (const finding of this.#watchdog.look(this.#sources.map((one) => one.watched()), now)) {
      log[finding.level](finding.message, finding.fields);
      this.#metrics.counter("watchdog_findings_total", {
        source: finding.source,
        kind: finding.kind,
      }).add();
      if (finding.reconnect) this.#sourceNamed(finding.source)?.forceReconnect();
    }
    for (const source of this.#sources) {
      const trouble = this.#watchdog.troubleOf(source.name);
      source.note(trouble && `watchdog: ${trouble}`);
    }
  }

  /** Looks after health, jobs and sources, again and again. */
  #tick(): void {
    const { clock } = this.#parts;
    this.#review = clock.setTimer(() => {
      if (this.#stopping.signal.aborted) return;
      for (const source of this.#sources) source.review();
      for (const runtime of this.#networks.values()) runtime.review();
      for (const sizes of this.#sizes) sizes.review();
      this.#page.review();
      this.#watch();
      this.#tick();
    }, REVIEW_MS);
  }
}

/** Loads what connects to brokers, while the storage threads open their databases. */
async function loadSources(): Promise<void> {
  await import("../mqtt/create_source.ts");
}

/** `dir/name.db` → `dir/name.shadow.db`. */
export function shadowPath(path: string): string {
  const dot = path.lastIndexOf(".");
  if (dot <= path.lastIndexOf("/") + 1) return `${path}.shadow.db`;
  return `${path.slice(0, dot)}.shadow${path.slice(dot)}`;
}
