/**
 * The service: configured sources, their networks, and the server that says how they are.
 *
 * @module
 */
import type { Clock } from "../capture/clock.ts";
import type { Log } from "../capture/log.ts";
import type { CoreConfig } from "../config/schema.ts";
import { EmbeddedBrokers } from "../mqtt/embedded_brokers.ts";
import type { Companion, NetworkDescriptor, ServiceFigures } from "../network_descriptor.ts";
import { networkNamed } from "../networks.ts";
import { type ListenAddress, parseAddress } from "../observe/address.ts";
import { type CaptureMode, HealthRegistry } from "../observe/health.ts";
import { createHandler } from "../observe/http_handler.ts";
import { HttpServer } from "../observe/http_server.ts";
import { combineObservers, loggingObserver } from "../observe/logging_observer.ts";
import { Metrics } from "../observe/metrics.ts";
import { MetricsObserver } from "../observe/metrics_observer.ts";
import { brokerMetrics } from "../observe/broker_metrics.ts";
import { RateLimitedLog } from "../observe/rate_limited_log.ts";
import { integrityRoute } from "../observe/integrity.ts";
import { serviceRoutes } from "../observe/routes.ts";
import { VERSION } from "../version.ts";
import { CaptureTally } from "./capture_tally.ts";
import { DatabaseWatch } from "./database_watch.ts";
import { explain } from "./explain.ts";
import { NetworkRuntime } from "./network_runtime.ts";
import { shadowPath } from "./shadow_path.ts";
import { SourceRuntime } from "./source_runtime.ts";
import { SourceWatch } from "./source_watch.ts";
import { pageToken } from "./page_token.ts";
import { StatusPage } from "./status_page.ts";

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

/** Milliseconds between two looks at health, jobs and sources. */
const REVIEW_MS = 1_000;

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
  readonly #tally = new CaptureTally();
  readonly #brokers: EmbeddedBrokers;
  readonly #stopping = new AbortController();
  readonly #watch: SourceWatch;
  readonly #databases: DatabaseWatch;
  readonly #companions: Companion[] = [];
  readonly #page: StatusPage;
  #http: HttpServer | undefined;
  #rateLimited: RateLimitedLog | undefined;
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
    this.#watch = new SourceWatch({
      clock: parts.clock,
      log: parts.log("watchdog"),
      metrics: this.#metrics,
      sources: this.#sources,
    });
    this.#databases = new DatabaseWatch({
      clock: parts.clock,
      log: parts.log,
      metrics: this.#metrics,
      integrityHours: parts.config.storage.integrity_check_interval_hours,
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
      stats: (network) => this.#databases.stats(network),
      token: this.#pageToken(),
    });
  }

  /** Where metrics and health are served; undefined while they are not. */
  get address(): ListenAddress | undefined {
    return this.#http?.address;
  }

  /** Rows stored so far, by network. */
  get stored(): Readonly<Record<string, number>> {
    return this.#tally.rows;
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
    const { observer, metrics } = this.#observers();
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
        watcher: this.#page.watcher(descriptor),
        onSettled: (sources) => {
          for (const source of sources) this.#sourceNamed(source)?.activity.settled();
        },
        storeHealth: this.#health.component(`store:${name}`),
        queueHealth: this.#health.component(`queue:${name}`),
      });
      this.#networks.set(name, runtime);
      this.#databases.add(name, runtime, metrics);
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
    this.#page.addSources(this.#sources, (source) => this.#watch.troubleOf(source));
    this.#health.allDeclared();
    const { signal } = this.#stopping;
    this.#tick();
    const refused = new Set<string>();
    await Promise.all(
      [...this.#networks].map(async ([name, runtime]) => {
        await runtime.start(signal, () => refused.add(name).size < this.#networks.size);
        this.#log.info("database open", { network: name, path: runtime.path });
        this.#startCompanion(name);
        this.#databases.opened(name, runtime, signal);
        this.#startSources(name, signal);
      }),
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
      stored: this.#tally.rows,
      unstored: networks.reduce((sum, { pipeline }) => sum + pipeline.lost, 0),
      shutdownMs: Math.round(clock.monotonic() - began),
    };
  }

  /** Whatever is wrong with the page, capturing begins; without a token nobody gets in with one. */
  #pageToken(): string | undefined {
    try {
      return pageToken(this.#parts.config.observability, this.#parts.readFile);
    } catch (error) {
      this.#log.error("the status page has no token; mend its file and start the service again", {
        reason: explain(error),
      });
      return undefined;
    }
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

  #figures(network: string): ServiceFigures {
    const names = this.#parts.config.sources.filter((one) => one.network === network);
    const watchdogAt = this.#watch.lookedAt;
    return {
      sources: names.map((one) => this.#sourceNamed(one.name)!.activity.figures()),
      ...this.#tally.of(network),
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

  /** What is told of everything, and of it what metrics keep. */
  #observers() {
    const { config, clock } = this.#parts;
    const used = this.#usedNetworks();
    this.#rateLimited = new RateLimitedLog(this.#parts.log("capture"), { clock });
    const ordinary = new Set(used.flatMap((one) => one.labels.ordinaryDrops));
    const metrics = new MetricsObserver(this.#metrics, {
      clock,
      sources: config.sources.map((one) => one.name),
      networks: used.map((one) => ({ name: one.name, ...one.labels })),
    });
    const observer = combineObservers(
      this.#tally.observer,
      metrics,
      loggingObserver(this.#rateLimited, ordinary),
      this.#page.figures,
    );
    return { observer, metrics };
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
        integrityRoute(() => this.#databases.reports()),
        ...this.#page.routes,
      ], log),
      clock,
      log,
    });
    this.#http.start();
  }

  /** Looks after health, jobs and sources, again and again. */
  #tick(): void {
    const { clock } = this.#parts;
    this.#review = clock.setTimer(() => {
      if (this.#stopping.signal.aborted) return;
      for (const source of this.#sources) source.review();
      for (const runtime of this.#networks.values()) runtime.review();
      this.#databases.review();
      this.#page.review();
      this.#watch.review();
      this.#tick();
    }, REVIEW_MS);
  }
}
