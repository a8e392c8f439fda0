/// <reference lib="dom" />
/** How the service is: verdict, sources, networks. @module */
import type { Counts, NetworkStatus, SourceStatus, StatusAnswer } from "../page_api.ts";
import { byId, make, setAttribute, setText, show, showEmpty, sync } from "./dom.ts";
import {
  ago,
  bytes,
  decryptWords,
  duration,
  milliseconds,
  networkWords,
  rate,
  share,
  typeWords,
  whole,
  words,
} from "./format.ts";

/** States that have a shape, a word and a colour. */
type State = "ok" | "waiting" | "trouble";

/** Shows a status. `growth`: bytes a day by network, as far as it is known. */
export function showStatus(
  status: StatusAnswer,
  growth: ReadonlyMap<string, number>,
): void {
  showVerdict(status);
  showSources(status);
  sync(
    byId("network-panels"),
    status.networks,
    (one) => one.name,
    createPanel,
    (panel, one) => updatePanel(panel, one, status.now, growth.get(one.name)),
  );
  setText(byId("version"), `meshcapture ${status.version}, Deno ${status.deno}`);
}

function showVerdict(status: StatusAnswer): void {
  const { health } = status;
  const young = Object.entries(health.components).filter(([, one]) => one.status === "waiting");
  const state: State = health.status === "trouble"
    ? "trouble"
    : young.length > 0
    ? "waiting"
    : "ok";
  const text = state === "trouble"
    ? "In trouble"
    : state === "waiting"
    ? "Waiting"
    : health.mode === "off"
    ? "Capture is off"
    : "All is well";
  const heading = byId("verdict");
  setAttribute(heading, "data-state", state);
  setText(byId("verdict-text"), text);
  document.title = state === "ok" ? "meshcapture" : `${text} – meshcapture`;

  const perMinute = status.sources.reduce((sum, one) => sum + one.perMinute, 0);
  const up = status.sources.filter((one) => one.connected).length;
  setText(
    byId("summary"),
    health.mode === "off"
      ? health.statement ?? ""
      : `${up} of ${status.sources.length} ${
        status.sources.length === 1 ? "source" : "sources"
      } connected, ${rate(perMinute)} messages a minute, running for ${
        duration(status.now - status.startedAt)
      }, ${bytes(status.memoryBytes)} of memory.${
        health.mode === "shadow" ? ` ${health.statement ?? ""}.` : ""
      }`,
  );
  const lines = Object.entries(health.components).flatMap(([name, component]) =>
    component.troubles.map((trouble) => ({
      key: `${name} ${trouble.reason}`,
      text: `${name.replace(":", " ")}: ${words(trouble.reason)}${
        trouble.detail === undefined ? "" : ` (${trouble.detail})`
      }, for ${duration(trouble.seconds * 1000)}`,
    }))
  );
  const list = byId("reasons");
  show(list, lines.length > 0);
  sync(list, lines, (line) => line.key, () => make("li"), (item, line) => setText(item, line.text));
}

function sourceState(source: SourceStatus): readonly [State, string] {
  if (!source.connected) {
    return source.connectedAt === undefined ? ["trouble", "Not connected"] : ["trouble", "Down"];
  }
  if (source.watchdog !== undefined) return ["waiting", "Up, but silent"];
  return ["ok", "Up"];
}

const COLUMNS = [
  "State",
  "Source",
  "Last message",
  "Messages a minute",
  "Since the start",
  "At QoS 0",
  "Reconnects",
  "Watchdog",
];

function showSources(status: StatusAnswer): void {
  const { sources } = status;
  showEmpty(
    "sources-empty",
    sources.length > 0
      ? undefined
      : "No source is being captured. Name a broker under “sources” in the configuration, and start the service again.",
  );
  const table = byId("sources-table");
  show(table, sources.length > 0);
  sync(table.querySelector("tbody")!, sources, (one) => one.name, createSourceRow, (row, one) => {
    const [state, word] = sourceState(one);
    const [first, name, last, perMinute, total, qos0, reconnects, watchdog] = row.cells;
    setAttribute(first!.firstElementChild!, "data-state", state);
    setText(first!.firstElementChild!.lastElementChild!, word);
    const [title, address] = name!.children;
    setText(title!, one.name);
    setText(address!, `${networkWords(one.network)}, ${one.url}, ${one.topics.join(" ")}`);
    setText(
      last!,
      one.lastMessageAt === undefined ? "none yet" : ago(one.lastMessageAt, status.now),
    );
    const all = one.qos0 + one.qos1;
    setText(perMinute!, rate(one.perMinute));
    setText(total!, whole(all));
    setText(qos0!, share(one.qos0, all));
    setText(reconnects!, whole(one.reconnects));
    const found = one.connected ? "nothing found" : "–";
    setText(watchdog!, one.watchdog === undefined ? found : words(one.watchdog));
  });
}

function createSourceRow(): HTMLTableRowElement {
  const row = make("tr");
  COLUMNS.forEach((label, index) => {
    const number = index >= 3 && index <= 6;
    const cell = make("td", { "data-label": label, ...(number ? { class: "num" } : {}) });
    if (index === 0) cell.append(badge());
    if (index === 1) cell.append(make("strong"), make("span", { class: "detail" }));
    row.append(cell);
  });
  return row;
}

function badge(): HTMLElement {
  return make(
    "span",
    { class: "state", "data-state": "waiting" },
    make("span", { class: "mark", "aria-hidden": "true" }),
    make("span"),
  );
}

/** Facts of a panel: title, and how its value is found. */
const FACTS: readonly (readonly [
  string,
  (one: NetworkStatus, now: number, growth: number | undefined) => string,
])[] = [
  ["Stored", ({ totals }) => `${whole(totals.stored)} packets`],
  [
    "Not readable",
    ({ totals }) =>
      totals.unreadable === 0
        ? "none"
        : `${whole(totals.unreadable)} (${share(totals.unreadable, totals.stored)})`,
  ],
  [
    "Queue",
    ({ queue }) =>
      queue.messages === 0
        ? "empty"
        : `${whole(queue.messages)} of ${whole(queue.maxMessages)}, ${bytes(queue.bytes)}`,
  ],
  [
    "Commits",
    ({ totals, lastCommitAt }, now) =>
      lastCommitAt === undefined
        ? "none yet"
        : `${whole(totals.commits)}; the last ${ago(lastCommitAt, now)}: ${
          whole(totals.lastCommitRecords)
        } in ${milliseconds(totals.lastCommitMs)}`,
  ],
  [
    "Database",
    ({ database }, _now, growth) => {
      if (database.bytes === undefined) return "not open";
      const log = database.walBytes ?? 0;
      const grows = growth === undefined
        ? ""
        : growth < 0
        ? ", shrinks"
        : `, grows ${bytes(growth)} a day`;
      return `${bytes(database.bytes)}, log ${bytes(log)}${grows}`;
    },
  ],
  [
    "Background jobs",
    ({ database }) =>
      (database.pendingJobs ?? []).length === 0 ? "none" : database.pendingJobs!.join(", "),
  ],
  [
    "Kept apart",
    ({ totals }) =>
      totals.quarantined === 0 ? "none" : `${whole(totals.quarantined)} in capture_quarantine`,
  ],
  ["Redelivered, known", ({ totals }) => whole(totals.duplicates)],
];

/** Tables of a panel: title, counts, words for a value, and what is said where there are none. */
const TABLES: readonly (readonly [
  string,
  (one: NetworkStatus) => Counts,
  (value: string) => string,
  string,
])[] = [
  ["Types", ({ totals }) => totals.types, typeWords, "Nothing has been decoded yet."],
  ["Decryption", ({ totals }) => totals.decrypts, decryptWords, "Nothing has been decoded yet."],
  ["Dropped, by rule", ({ totals }) => totals.drops, words, "Nothing was dropped."],
  [
    "Failed writes",
    ({ totals }) => totals.storeErrors,
    words,
    "Every write succeeded.",
  ],
];

function createPanel(one: NetworkStatus): HTMLElement {
  const facts = make("dl", { class: "facts" });
  for (const [title] of FACTS) facts.append(make("dt", { text: title }), make("dd"));
  const tables = TABLES.map(([title, , , none]) =>
    make(
      "div",
      { class: "tally" },
      make("h4", { text: title }),
      make("p", { class: "empty", text: none }),
      make("table", {}, make("tbody")),
    )
  );
  return make(
    "article",
    { class: "panel", "data-network": one.name, "aria-label": networkWords(one.name) },
    make("h3", { text: networkWords(one.name) }),
    make("p", { class: "detail path" }),
    facts,
    make("div", { class: "tallies" }, ...tables),
  );
}

function updatePanel(
  panel: HTMLElement,
  one: NetworkStatus,
  now: number,
  growth: number | undefined,
): void {
  setText(panel.querySelector(".path")!, one.database.path);
  const values = panel.querySelectorAll("dd");
  FACTS.forEach(([, value], index) => setText(values[index]!, value(one, now, growth)));
  const tables = panel.querySelectorAll<HTMLElement>(".tally");
  TABLES.forEach(([, counts, inWords], index) => {
    showCounts(tables[index]!, counts(one), inWords);
  });
}

function showCounts(box: HTMLElement, counts: Counts, inWords: (value: string) => string): void {
  const entries = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  const all = entries.reduce((sum, [, n]) => sum + n, 0);
  show(box.querySelector<HTMLElement>(".empty")!, entries.length === 0);
  show(box.querySelector("table")!, entries.length > 0);
  sync(
    box.querySelector("tbody")!,
    entries,
    ([value]) => value,
    ([value]) =>
      make(
        "tr",
        {},
        make("th", { scope: "row", text: inWords(value), title: value }),
        make("td", { class: "num" }),
        make("td", { class: "num part" }),
      ),
    (row, [, n]) => {
      setText(row.cells[1]!, whole(n));
      setText(row.cells[2]!, share(n, all));
    },
  );
}
