/// <reference lib="dom" />
/** The live feed: packets as they are committed, newest first. @module */
import { type FeedFilter, type FeedPacket, matchesFilter } from "../../capture/page_view.ts";
import type { PacketsAnswer, PacketsEvent, StatusAnswer } from "../page_api.ts";
import { byId, make, setAttribute, setText, show, showEmpty, sync } from "./dom.ts";
import { without } from "./feed_repeats.ts";
import {
  clockTime,
  feedNote,
  networkWords,
  problemWords,
  shortId,
  shownName,
  typeWords,
  whole,
} from "./format.ts";
import type { NodeBook } from "./node_names.ts";

/** Packets that are remembered, to look through when the filter changes. */
const MAX_PACKETS = 1000;

/** Rows that are shown. */
const MAX_ROWS = 200;

/** Rows that are shown before somebody asks for more: what is below must stay within reach. */
const FEW_ROWS = 15;

interface Entry {
  readonly key: string;
  readonly packet: FeedPacket;
}

/** The feed on the page. */
export class FeedView {
  readonly #nodes: NodeBook;
  readonly #now: () => number;
  readonly #form = byId<HTMLFormElement>("filters");
  readonly #pause = byId<HTMLButtonElement>("pause");
  readonly #more = byId<HTMLButtonElement>("feed-more");
  #entries: Entry[] = [];
  #waiting: FeedPacket[] = [];
  /** What the databases answered while nothing was to move. */
  #answered: { readonly answer: PacketsAnswer; readonly since: number } | undefined;
  #problem: string | undefined;
  /** Came too fast, and the databases were not asked since. */
  #skipped = 0;
  #alive = true;
  #seen = 0;
  #nextKey = 0;
  #drawing = false;
  #all = false;
  #hint: string | undefined;

  /** `now` is the service's time in Unix milliseconds. */
  constructor(nodes: NodeBook, now: () => number) {
    this.#nodes = nodes;
    this.#now = now;
    this.#form.addEventListener("input", () => this.draw());
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#pause.addEventListener("click", () => this.#setPaused(!this.#paused));
    this.#more.addEventListener("click", () => {
      this.#all = !this.#all;
      this.draw();
    });
  }

  get #paused(): boolean {
    return this.#pause.getAttribute("aria-pressed") === "true";
  }

  #setPaused(paused: boolean): void {
    setAttribute(this.#pause, "aria-pressed", String(paused));
    setText(this.#pause, paused ? "Go on" : "Pause");
    if (!paused) {
      this.#add(this.#waiting);
      this.#waiting = [];
      const answered = this.#answered;
      this.#answered = undefined;
      if (answered !== undefined) this.replace(answered.answer, answered.since);
    }
    this.draw();
  }

  /** Packets that came by the feed so far: what {@linkcode FeedView.replace} must know. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * Shows what is in the databases, newest first, in place of what was known. `since` is
   * {@linkcode FeedView.seen} when they were asked: what came after that stays on top, because
   * the answer may be older. Of a network whose database does not answer, what was known stays.
   */
  replace(answer: PacketsAnswer, since: number): void {
    if (this.#paused) {
      this.#answered = { answer, since };
      return;
    }
    const { packets, problems } = answer;
    this.#problem = problemWords(problems);
    this.#skipped = 0;
    const live = this.#entries.slice(0, this.#seen - since);
    const kept = this.#entries.slice(this.#seen - since)
      .filter(({ packet }) => Object.hasOwn(problems, packet.network));
    const stored = without(packets, live.map(({ packet }) => packet))
      .map((packet) => ({ key: String(this.#nextKey++), packet }));
    const older = kept.length === 0
      ? stored
      : [...stored, ...kept].sort((a, b) => b.packet.at - a.packet.at);
    this.#entries = [...live, ...older].slice(0, MAX_PACKETS);
    this.draw();
  }

  /** Shows what was just committed. */
  take({ packets, skipped }: PacketsEvent): void {
    this.#skipped += skipped;
    this.#seen += packets.length;
    if (this.#paused) this.#waiting = [...this.#waiting, ...packets].slice(-MAX_PACKETS);
    else this.#add(packets);
    this.#drawSoon();
  }

  /** The line to the service is there, or has been lost. */
  line(alive: boolean): void {
    this.#alive = alive;
    this.draw();
  }

  /** Only packets of one node from now on, and all of them: it may be of another network or type. */
  showNode(id: string): void {
    for (const name of ["network", "type"]) {
      (this.#form.elements.namedItem(name) as HTMLSelectElement).value = "";
    }
    const field = this.#form.elements.namedItem("node") as HTMLInputElement;
    field.value = id;
    this.draw();
    byId("packets").scrollIntoView();
    field.focus();
  }

  /** Offers networks and types that there are, and knows what to say while nothing comes. */
  know({ networks, sources }: StatusAnswer): void {
    options(this.#form, "network", networks.map((one) => one.name), networkWords);
    const types = new Set(networks.flatMap((one) => Object.keys(one.totals.types)));
    for (const { packet } of this.#entries) types.add(packet.type);
    options(this.#form, "type", [...types].sort(), typeWords);
    const silent = sources.filter((one) => one.connected && one.lastMessageAt === undefined);
    this.#hint = silent.length === 0
      ? undefined
      : `Connected to ${silent[0]!.url}, but nothing has come on ${
        silent[0]!.topics.join(", ")
      }. Check that a radio publishes there: MQTT enabled, uplink on for its channel, the same root topic.`;
    if (this.#entries.length === 0) this.draw();
  }

  #add(packets: readonly FeedPacket[]): void {
    const fresh = packets.map((packet) => ({ key: String(this.#nextKey++), packet }));
    this.#entries = [...fresh.reverse(), ...this.#entries].slice(0, MAX_PACKETS);
  }

  /** A burst is drawn once a frame, not once a commit. */
  #drawSoon(): void {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.draw();
    });
  }

  get #filter(): FeedFilter {
    const value = (name: string) =>
      (this.#form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement).value.trim();
    const [network, type] = [value("network"), value("type")];
    return { ...(network === "" ? {} : { network }), ...(type === "" ? {} : { type }) };
  }

  /** Names that only the book knows count, too. */
  #isWanted(packet: FeedPacket, filter: FeedFilter, node: string): boolean {
    if (!matchesFilter(packet, filter)) return false;
    if (node === "" || matchesFilter(packet, { node })) return true;
    return [packet.from, packet.to, packet.heardBy].some((id) =>
      this.#nodes.nameOf(packet.network, id)?.toLowerCase().includes(node)
    );
  }

  /** Brings the table in line with what is known. */
  draw(): void {
    const filter = this.#filter;
    const node = (this.#form.elements.namedItem("node") as HTMLInputElement).value.trim()
      .toLowerCase();
    const found = this.#entries.filter(({ packet }) => this.#isWanted(packet, filter, node));
    const shown = found.slice(0, this.#all ? MAX_ROWS : FEW_ROWS);
    const table = byId<HTMLTableElement>("feed");
    show(table, shown.length > 0);
    sync(
      table.tBodies[0]!,
      shown,
      (one) => one.key,
      (one) => this.#row(one.packet),
      (row, one) => this.#name(row, one.packet),
    );
    show(this.#more, found.length > FEW_ROWS);
    setText(
      this.#more,
      this.#all ? "Show fewer" : `Show ${whole(Math.min(found.length, MAX_ROWS))} packets`,
    );
    const nothing = this.#entries.length === 0
      ? this.#hint ?? "No packet yet. Each one appears here as soon as it is stored."
      : "None of the last packets matches. New ones that do will appear here.";
    showEmpty("feed-empty", shown.length > 0 ? undefined : nothing);
    const note = feedNote({
      alive: this.#alive,
      paused: this.#paused,
      waiting: this.#waiting.length,
      maxWaiting: MAX_PACKETS,
      skipped: this.#skipped,
    });
    setText(byId("feed-note"), this.#problem === undefined ? note : `${note}; ${this.#problem}`);
  }

  #row(packet: FeedPacket): HTMLTableRowElement {
    const { network, type, readable } = packet;
    const time = make("time", {
      text: clockTime(packet.at, this.#now()),
      datetime: new Date(packet.at).toISOString(),
    });
    const facts = [packet.channel, packet.rssi === undefined ? undefined : `${packet.rssi} dBm`];
    const detail = facts.filter((fact) => fact !== undefined).join(", ");
    return make(
      "tr",
      { "data-network": network, ...(readable ? {} : { class: "unread" }) },
      make("td", { class: "time" }, time),
      make(
        "td",
        { class: "type", title: type },
        make("span", { class: "net", text: networkWords(network) }),
        make("span", { text: typeWords(type) }),
      ),
      make(
        "td",
        { class: "from" },
        make("span", { class: "who" }),
        make("span", { class: "detail" }),
      ),
      make(
        "td",
        { class: "content" },
        make("span", { class: "text", text: packet.text }),
        make("span", { class: "detail", text: detail }),
      ),
      make("td", { class: "heard" }, make("span", { class: "who" })),
      make("td", { class: "num snr", text: packet.snr?.toFixed(1) ?? "" }),
      make("td", { class: "num hops", text: packet.hops === undefined ? "" : String(packet.hops) }),
    );
  }

  /** Names may become known later than the packet. */
  #name(row: HTMLTableRowElement, packet: FeedPacket): void {
    const { network, from, to, heardBy } = packet;
    const name = (id: string | undefined) => this.#nodes.nameOf(network, id);
    const sender = shownName(packet.fromName) ?? name(from) ??
      (from === undefined ? "–" : shortId(from));
    const cell = row.cells[2]!;
    setText(cell.firstElementChild!, sender);
    setAttribute(cell, "title", from);
    const receiver = to === undefined || to === "all" ? "" : `to ${name(to) ?? shortId(to)}`;
    setText(cell.lastElementChild!, receiver);
    const hearer = shownName(packet.heardByName) ?? name(heardBy) ??
      (heardBy === undefined ? "" : shortId(heardBy));
    setText(row.cells[4]!.firstElementChild!, hearer);
    setAttribute(row.cells[4]!, "title", heardBy);
  }
}

function options(
  form: HTMLFormElement,
  name: string,
  values: readonly string[],
  inWords: (value: string) => string,
): void {
  const select = form.elements.namedItem(name) as HTMLSelectElement;
  const known = new Set([...select.options].map((option) => option.value));
  for (const value of values) {
    if (!known.has(value)) select.append(make("option", { value, text: inWords(value) }));
  }
}
