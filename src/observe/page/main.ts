/// <reference lib="dom" />
/**
 * The status page in the browser: listens to the service and shows what it says.
 *
 * @module
 */
import type {
  HistoryAnswer,
  MapTiles,
  NodesAnswer,
  PacketsAnswer,
  PacketsEvent,
  StatusAnswer,
} from "../page_api.ts";
import { ChartView } from "./chart_view.ts";
import { ask, Connection } from "./connection.ts";
import { byId, setAttribute, setText, show } from "./dom.ts";
import { FeedView } from "./feed_view.ts";
import { leftOut, problemWords } from "./format.ts";
import { MapView } from "./map_view.ts";
import { NodeBook } from "./node_names.ts";
import { type NodesNews, NodeView } from "./node_view.ts";
import { showStatus } from "./status_view.ts";

/** Milliseconds between two looks at history and at nodes. */
const HISTORY_MS = 30_000;
const NODES_MS = 30_000;

/** Milliseconds after packets that came too fast in which the databases are asked for them. */
const CATCH_UP_MS = 3_000;

/** Milliseconds between two drawings of nodes that the feed brings. */
const REDRAW_MS = 2_000;

class Page {
  readonly #book = new NodeBook();
  readonly #charts = new ChartView(() => this.#now());
  readonly #feed = new FeedView(this.#book, () => this.#now());
  readonly #map = new MapView(() => this.#tiles, (id) => this.#feed.showNode(id));
  readonly #nodes = new NodeView({
    packets: (id) => this.#feed.showNode(id),
    place: (place) => this.#map.look(place),
  });
  /** What the service's clock is ahead of ours, in milliseconds. */
  #ahead = 0;
  #tiles: MapTiles = {};
  #startedAt: number | undefined;
  #lostAt: number | undefined;
  #nodesChanged = false;
  #catchingUp = false;
  #nodesNews: NodesNews = {};

  /** Begins to listen. */
  start(): void {
    new Connection({
      status: (answer) => this.#takeStatus(answer),
      packets: (event) => this.#takePackets(event),
      line: (alive) => this.#takeLine(alive),
    }).open();
    byId("hours").addEventListener("change", () => this.#loadHistory());
    setInterval(() => this.#loadHistory(), HISTORY_MS);
    setInterval(() => this.#loadNodes(), NODES_MS);
    setInterval(() => {
      if (this.#nodesChanged) this.#drawNodes();
    }, REDRAW_MS);
  }

  #now(): number {
    return Date.now() + this.#ahead;
  }

  #takeStatus(answer: StatusAnswer): void {
    this.#ahead = answer.now - Date.now();
    this.#tiles = answer.map;
    showStatus(answer, this.#charts.growth);
    this.#feed.know(answer);
    if (answer.startedAt === this.#startedAt) return;
    // The first status of this service, or of one that was started anew.
    this.#startedAt = answer.startedAt;
    this.#loadAll();
  }

  #takePackets(event: PacketsEvent): void {
    for (const { network, from, at, fromName, position } of event.packets) {
      if (from === undefined) continue;
      this.#book.heard(network, from, at, {
        ...(fromName === undefined ? {} : { name: fromName }),
        ...(position === undefined ? {} : { position }),
      });
      this.#nodesChanged = true;
    }
    this.#feed.take(event);
    // What came too fast to be sent is in the databases.
    if (event.skipped === 0 || this.#catchingUp) return;
    this.#catchingUp = true;
    setTimeout(() => {
      this.#catchingUp = false;
      this.#loadPackets();
    }, CATCH_UP_MS);
  }

  #takeLine(alive: boolean): void {
    setAttribute(byId("link"), "data-state", alive ? "ok" : "trouble");
    setText(byId("link-text"), alive ? "Live" : "Not connected");
    setAttribute(document.body, "data-line", alive ? undefined : "lost");
    this.#feed.line(alive);
    if (alive && this.#lostAt !== undefined) {
      this.#lostAt = undefined;
      this.#loadAll();
    } else if (!alive) this.#lostAt ??= Date.now();
    const lost = byId("lost");
    show(lost, !alive);
    if (alive) return;
    const since = new Date(this.#lostAt!).toLocaleTimeString("en-GB");
    setText(
      lost,
      `No connection to meshcapture since ${since}. What is shown is from then; trying again.`,
    );
  }

  #loadAll(): void {
    this.#loadHistory();
    this.#loadNodes();
    this.#loadPackets();
  }

  #loadPackets(): void {
    const since = this.#feed.seen;
    this.#load<PacketsAnswer>(
      "/api/packets?limit=200",
      (answer) => this.#feed.replace(answer, since),
    );
  }

  #loadHistory(): void {
    const chosen = byId("hours").querySelector<HTMLInputElement>("input:checked");
    const hours = Number(chosen?.value ?? 6);
    this.#load<HistoryAnswer>(
      `/api/history?hours=${hours}`,
      (answer) => this.#charts.draw(answer, hours),
    );
  }

  #loadNodes(): void {
    this.#load<NodesAnswer>("/api/nodes", (answer) => {
      this.#book.replace(answer);
      this.#nodesNews = {
        problem: problemWords(answer.problems),
        leftOut: leftOut(answer.networks, answer.totals),
      };
      this.#drawNodes();
      this.#feed.draw();
    });
  }

  #drawNodes(): void {
    this.#nodesChanged = false;
    const nodes = this.#book.all;
    this.#map.draw(nodes, this.#now());
    this.#nodes.draw(nodes, this.#now(), this.#nodesNews);
  }

  /** A question without an answer is asked again by and by; the line says what is wrong. */
  #load<T>(path: string, take: (answer: T) => void): void {
    ask<T>(path).then(take, () => {});
  }
}

new Page().start();
