/**
 * The status page of a service: its figures, its feed, and the answers to what it asks.
 *
 * @module
 */
import type { Clock } from "../capture/clock.ts";
import type { MinuteSample, StoreStats } from "../capture/network.ts";
import type { FeedFilter, FeedPacket, PageNode } from "../capture/page_view.ts";
import type { CommitWatcher } from "../capture/pipeline.ts";
import { maskUrlsInText } from "../capture/mask_url.ts";
import type { CoreConfig } from "../config/schema.ts";
import type { NetworkDescriptor } from "../network_descriptor.ts";
import { Access, DENIALS } from "../observe/access.ts";
import { Cached } from "../observe/cached.ts";
import type { HealthRegistry } from "../observe/health.ts";
import type { Route } from "../observe/http_handler.ts";
import { LiveFeed } from "../observe/live_feed.ts";
import type { Metrics } from "../observe/metrics.ts";
import type {
  HistoryAnswer,
  NetworkStatus,
  NodesAnswer,
  PacketsAnswer,
  SourceStatus,
  StatusAnswer,
} from "../observe/page_api.ts";
import { PageFigures } from "../observe/page_figures.ts";
import { pageRoutes } from "../observe/page_routes.ts";
import { PageReader } from "../storage/page_reader.ts";
import type { SampleHistory } from "../storage/sample_history.ts";
import { VERSION } from "../version.ts";
import type { NetworkRuntime } from "./network_runtime.ts";
import type { SourceRuntime } from "./source_runtime.ts";

/** What a {@linkcode StatusPage} works with. */
export interface StatusPageParts {
  /** The configuration. */
  readonly config: CoreConfig;
  /** Networks that have a source. */
  readonly networks: readonly NetworkDescriptor[];
  /** Time. */
  readonly clock: Clock;
  /** How everything is. */
  readonly health: HealthRegistry;
  /** Where denied requests and slow clients are counted. */
  readonly metrics: Metrics;
  /** What a network's database answered last; a page must not wait for a busy storage thread. */
  readonly stats: (network: string) => StoreStats | undefined;
  /** The token, where there is one. */
  readonly token?: string | undefined;
}

/** Nodes of a network that are shown. */
const MAX_NODES = 5_000;

/** Stretches of a chart, about: what a screen can show. */
const CHART_POINTS = 400;

/** Milliseconds for which an answer serves everybody who asks. */
const FRESH_MS = { nodes: 5_000, history: 15_000 };

/** See the module. */
export class StatusPage implements Disposable {
  /** Counts what happens; to be told by the pipelines and sources. */
  readonly figures: PageFigures;
  readonly #parts: StatusPageParts;
  readonly #feed: LiveFeed;
  readonly #startedAt: number;
  readonly #startedSteady: number;
  readonly #runtimes = new Map<string, NetworkRuntime>();
  readonly #readers = new Map<string, PageReader>();
  readonly #histories = new Map<number, Cached<HistoryAnswer>>();
  readonly #nodes: Cached<NodesAnswer>;
  #sources: readonly SourceRuntime[] = [];
  #watchdog: (source: string) => string | undefined = () => undefined;
  #minute: number;

  /** Asks and opens nothing before somebody looks. */
  constructor(parts: StatusPageParts) {
    const { clock, config, networks } = parts;
    this.#parts = parts;
    this.#startedAt = clock.now();
    this.#startedSteady = clock.monotonic();
    this.#minute = minuteOf(this.#startedAt);
    this.figures = new PageFigures(networks.map((one) => ({
      name: one.name,
      sources: config.sources.filter((source) => source.network === one.name)
        .map((source) => source.name),
      noKeyResults: one.labels.noKeyResults,
    })));
    this.#feed = new LiveFeed({
      clock,
      status: async () => JSON.stringify(this.#status()),
      onSlowClient: () => parts.metrics.counter("feed_slow_clients_total").add(),
    });
    parts.metrics.counter("feed_slow_clients_total");
    for (const reason of DENIALS) parts.metrics.counter("page_denied_total", { reason });
    const listeners = parts.metrics.gauge("feed_clients");
    parts.metrics.addCollector(() => listeners.record(this.#feed.clients));
    this.#nodes = new Cached(clock, FRESH_MS.nodes, () => this.#askNodes());
  }

  /** Its routes for the HTTP server; none where nobody shall look. */
  get routes(): Route[] {
    const { config, metrics, token } = this.#parts;
    const { page_access: access, page_hosts: hosts, map_tiles: tiles } = config.observability;
    if (access === "off") return [];
    return pageRoutes({
      access: new Access({
        access,
        token,
        hosts: hosts.map((host) => host.toLowerCase()),
      }),
      feed: this.#feed,
      onDenied: (reason) => metrics.counter("page_denied_total", { reason }).add(),
      status: async () => this.#status(),
      history: (hours) => this.#history(hours),
      nodes: () => this.#nodes.get(),
      packets: (filter, limit) => this.#packets(filter, limit),
      ...(tiles === undefined ? {} : { tiles }),
    });
  }

  /** Takes a network in, to show its queue and to ask its database. */
  addNetwork(descriptor: NetworkDescriptor, runtime: NetworkRuntime): void {
    const { clock } = this.#parts;
    this.#runtimes.set(descriptor.name, runtime);
    this.#readers.set(
      descriptor.name,
      new PageReader({ path: runtime.path, workerUrl: descriptor.page.workerUrl, clock }),
    );
  }

  /** Takes the sources in, and what the watchdog says of them. */
  addSources(
    sources: readonly SourceRuntime[],
    watchdog: (source: string) => string | undefined,
  ): void {
    this.#sources = sources;
    this.#watchdog = watchdog;
  }

  /** Shows what a network committed to those who listen. */
  watcher({ page }: NetworkDescriptor): CommitWatcher<unknown> {
    const feed = this.#feed;
    return {
      get wanted() {
        return feed.wanted;
      },
      committed(records) {
        feed.publish(records.length, (index) => {
          const { record, labels } = records[index]!;
          return page.feedPacket(record, labels);
        });
      },
    };
  }

  /** Ends the minute for the charts when it is over, or `early`; to be called every second or so. */
  review(early = false): void {
    const now = minuteOf(this.#parts.clock.now());
    if (now === this.#minute && !early) return;
    const at = this.#minute;
    this.#minute = now;
    for (const [name, runtime] of this.#runtimes) {
      const sourcesUp = this.#sources.filter((one) =>
        this.#isOf(one, name) && one.activity.figures().connected
      )
        .length;
      const stats = this.#parts.stats(name);
      const sample = this.figures.takeMinute(name, at, {
        queued: runtime.queue.size,
        sourcesUp,
        databaseBytes: stats?.databaseBytes ?? 0,
      });
      if (sample !== undefined) runtime.store.samples.add(sample);
    }
  }

  #isOf(source: SourceRuntime, network: string): boolean {
    return this.#parts.config.sources.some((one) =>
      one.name === source.name && one.network === network
    );
  }

  #status(): StatusAnswer {
    const { clock, health, config, networks } = this.#parts;
    const { map_tiles: tiles, map_attribution: attribution } = config.observability;
    return {
      version: VERSION,
      deno: Deno.version.deno,
      now: clock.now(),
      startedAt: this.#startedAt,
      health: health.report(),
      networks: networks.map((one) => this.#networkStatus(one)),
      sources: this.#sources.map((one) => this.#sourceStatus(one)),
      feed: { clients: this.#feed.clients, slowClients: this.#feed.slowClients },
      memoryBytes: Deno.memoryUsage().rss,
      map: {
        ...(tiles === undefined ? {} : { tiles }),
        ...(attribution === undefined ? {} : { attribution }),
      },
    };
  }

  #networkStatus(descriptor: NetworkDescriptor): NetworkStatus {
    const { name } = descriptor;
    const { queue: limits } = this.#parts.config;
    const runtime = this.#runtimes.get(name);
    const stats = this.#parts.stats(name);
    const lastCommitAt = runtime?.pipeline.lastCommitAt;
    return {
      name,
      totals: this.figures.totals(name)!,
      queue: {
        messages: runtime?.queue.size ?? 0,
        bytes: runtime?.queue.bytes ?? 0,
        maxMessages: limits.max_messages,
        maxBytes: limits.max_bytes,
      },
      database: {
        path: runtime?.path ?? "",
        ...(stats === undefined ? {} : {
          bytes: stats.databaseBytes,
          walBytes: stats.walBytes,
          freeBytes: stats.freeBytes,
          pendingJobs: stats.pendingJobs,
        }),
      },
      ...(lastCommitAt === undefined ? {} : { lastCommitAt }),
      noKeyResults: descriptor.labels.noKeyResults,
    };
  }

  #sourceStatus(source: SourceRuntime): SourceStatus {
    const { clock, config } = this.#parts;
    const figures = source.activity.figures();
    const { network, topics } = config.sources.find((one) => one.name === source.name)!;
    const minutes = Math.min(
      5,
      Math.max(1 / 6, (clock.monotonic() - this.#startedSteady) / 60_000),
    );
    const [qos0, qos1] = this.figures.deliveries(source.name);
    const watchdog = this.#watchdog(source.name);
    return {
      name: source.name,
      network,
      url: maskUrlsInText(figures.url),
      topics,
      connected: figures.connected,
      ...(figures.connectedAt === undefined ? {} : { connectedAt: figures.connectedAt }),
      ...(figures.receivedAt === undefined ? {} : { lastMessageAt: figures.receivedAt }),
      perMinute: Math.round(figures.recentMessages / minutes * 10) / 10,
      qos0,
      qos1,
      reconnects: Math.max(this.figures.reconnects(source.name), figures.disconnects),
      gaps: this.figures.gaps(source.name),
      ...(watchdog === undefined ? {} : { watchdog }),
      ...(figures.problem === undefined || figures.connected
        ? {}
        : { problem: maskUrlsInText(figures.problem) }),
    };
  }

  #history(hours: number): Promise<HistoryAnswer> {
    let cached = this.#histories.get(hours);
    if (cached === undefined) {
      cached = new Cached(this.#parts.clock, FRESH_MS.history, () => this.#askHistory(hours));
      this.#histories.set(hours, cached);
    }
    return cached.get();
  }

  async #askHistory(hours: number): Promise<HistoryAnswer> {
    const step = 60 * Math.max(1, Math.floor(hours * 60 / CHART_POINTS));
    const now = Math.floor(this.#parts.clock.now() / 1000);
    const since = Math.floor((now - hours * 3600) / step) * step;
    const { networks, problems } = await this.#askAll("history", [since, step, now]);
    const shown: Record<string, SampleHistory> = {};
    for (const [name, history] of Object.entries(networks)) {
      const waiting = this.#runtimes.get(name)?.store.samples.waiting ?? [];
      shown[name] = withWaiting(history as SampleHistory, waiting);
    }
    return { networks: shown, problems };
  }

  async #askNodes(): Promise<NodesAnswer> {
    const { networks, problems } = await this.#askAll("nodes", [MAX_NODES]);
    const known = Object.entries(networks as Record<string, { nodes: PageNode[]; total: number }>);
    return {
      networks: Object.fromEntries(known.map(([name, { nodes }]) => [name, nodes])),
      totals: Object.fromEntries(known.map(([name, { total }]) => [name, total])),
      problems,
    };
  }

  async #packets(filter: FeedFilter, limit: number): Promise<PacketsAnswer> {
    const { networks, problems } = await this.#askAll("recent", [filter, limit], filter.network);
    const packets = (Object.values(networks) as FeedPacket[][]).flat()
      .sort((a, b) => b.at - a.at).slice(0, limit);
    return { packets, problems };
  }

  /** Asks every database, or that of one network. */
  async #askAll(
    method: "nodes" | "recent" | "history",
    args: readonly unknown[],
    only?: string,
  ): Promise<{ networks: Record<string, unknown>; problems: Record<string, string> }> {
    const asked = [...this.#readers].filter(([name]) => only === undefined || only === name);
    const answers = await Promise.allSettled(asked.map(([, one]) => one.ask(method, args)));
    const networks: Record<string, unknown> = {};
    const problems: Record<string, string> = {};
    answers.forEach((answer, index) => {
      const [name] = asked[index]!;
      if (answer.status === "fulfilled") networks[name] = answer.value;
      else problems[name] = String(answer.reason?.message ?? answer.reason);
    });
    return { networks, problems };
  }

  /** Ends the feed and the threads that read. */
  [Symbol.dispose](): void {
    this.#feed[Symbol.dispose]();
    for (const reader of this.#readers.values()) reader[Symbol.dispose]();
  }
}

/** Beginning of the minute, Unix seconds. */
function minuteOf(nowMs: number): number {
  return Math.floor(nowMs / 60_000) * 60;
}

/** A history with the minutes that no commit has taken along yet, where its stretches are minutes. */
function withWaiting(history: SampleHistory, waiting: readonly MinuteSample[]): SampleHistory {
  const { columns, step } = history;
  if (step !== 60) return history;
  const last = columns.at.at(-1) ?? -Infinity;
  for (const sample of waiting) {
    if (sample.at <= last) continue;
    for (const name of Object.keys(columns) as (keyof typeof columns)[]) {
      columns[name].push(name === "minutes" ? 1 : sample[name]);
    }
  }
  return history;
}
