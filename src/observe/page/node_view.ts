/// <reference lib="dom" />
/** The table of nodes. @module */
import { byId, make, setAttribute, setText, show, showEmpty, sync } from "./dom.ts";
import { ago, networkWords, shortId, whole, words } from "./format.ts";
import type { KnownNode } from "./node_names.ts";

/** Rows before somebody asks for more. */
const FEW_ROWS = 15;

/** Rows at most: more would make the page slow, and nobody reads them. */
const MAX_ROWS = 1000;

const COLUMNS = ["Name", "Id", "Network", "Role", "Hardware", "Last heard", "Position"];

type SortKey = "name" | "id" | "network" | "role" | "hardware" | "lastSeen";

/** What a click in the table asks for. */
export interface NodeActions {
  /** Packets of one node. */
  packets(id: string): void;
  /** The place of one node on the map. */
  place(place: readonly [number, number]): void;
}

/** What the service says beside the nodes. */
export interface NodesNews {
  /** Which databases do not answer; undefined: all do. */
  readonly problem?: string | undefined;
  /** Which nodes are not among them; undefined: all are. */
  readonly leftOut?: string | undefined;
}

/** The table on the page. */
export class NodeView {
  readonly #actions: NodeActions;
  readonly #table = byId<HTMLTableElement>("nodes-table");
  readonly #more = byId<HTMLButtonElement>("nodes-more");
  readonly #find: HTMLInputElement;
  #nodes: readonly KnownNode[] = [];
  #now = 0;
  #news: NodesNews = {};
  #sort: SortKey = "lastSeen";
  #rising = false;
  #all = false;

  /** Shows nothing before the first {@linkcode NodeView.draw}. */
  constructor(actions: NodeActions) {
    this.#actions = actions;
    const form = byId<HTMLFormElement>("node-filters");
    this.#find = form.elements.namedItem("find") as HTMLInputElement;
    form.addEventListener("input", () => this.#draw());
    form.addEventListener("submit", (event) => event.preventDefault());
    this.#more.addEventListener("click", () => {
      this.#all = !this.#all;
      this.#draw();
    });
    for (const button of this.#table.querySelectorAll<HTMLButtonElement>("[data-sort]")) {
      button.addEventListener("click", () => this.#sortBy(button.dataset["sort"] as SortKey));
    }
  }

  /** Shows `nodes`; `now` is the service's time. */
  draw(nodes: readonly KnownNode[], now: number, news: NodesNews): void {
    this.#nodes = nodes;
    this.#now = now;
    this.#news = news;
    this.#draw();
  }

  #sortBy(key: SortKey): void {
    this.#rising = this.#sort === key ? !this.#rising : key !== "lastSeen";
    this.#sort = key;
    for (const button of this.#table.querySelectorAll<HTMLElement>("[data-sort]")) {
      const sorted = button.dataset["sort"] === key;
      const order = this.#rising ? "ascending" : "descending";
      setAttribute(button.parentElement!, "aria-sort", sorted ? order : undefined);
    }
    this.#draw();
  }

  #draw(): void {
    const wanted = this.#find.value.trim().toLowerCase();
    const found = this.#nodes.filter((node) =>
      wanted === "" || [node.id, node.name, node.shortName, node.role, node.hardware]
        .some((text) => text?.toLowerCase().includes(wanted))
    );
    const order = this.#rising ? 1 : -1;
    const sorted = found.toSorted((a, b) => order * compare(a, b, this.#sort));
    const shown = sorted.slice(0, this.#all ? MAX_ROWS : FEW_ROWS);
    const { problem, leftOut } = this.#news;
    const note = `${whole(found.length)} of ${whole(this.#nodes.length)}`;
    setText(
      byId("nodes-note"),
      this.#nodes.length === 0 ? "" : leftOut === undefined ? note : `${note} (${leftOut})`,
    );
    show(this.#table, shown.length > 0);
    const nothing = shown.length > 0
      ? undefined
      : this.#nodes.length > 0
      ? `No node matches${leftOut === undefined ? "" : ` among those that are here (${leftOut})`}.`
      : problem === undefined
      ? "No node is known yet. A node appears when it says its name: Meshtastic's do every three hours, and when they start."
      : undefined;
    const sentences = [nothing, problem].filter((one) => one !== undefined);
    showEmpty("nodes-empty", sentences.length === 0 ? undefined : sentences.join(" "));
    sync(
      this.#table.tBodies[0]!,
      shown,
      (node) => `${node.network} ${node.id}`,
      (node) => this.#row(node),
      (row, node) => this.#update(row, node),
    );
    show(this.#more, found.length > FEW_ROWS);
    setText(
      this.#more,
      this.#all ? "Show fewer" : `Show ${whole(Math.min(found.length, MAX_ROWS))} nodes`,
    );
  }

  #row(node: KnownNode): HTMLTableRowElement {
    const row = make("tr", { "data-network": node.network });
    for (const label of COLUMNS) row.append(make("td", { "data-label": label }));
    const name = make("button", { type: "button", class: "plain", title: "Show its packets" });
    name.addEventListener("click", () => this.#actions.packets(node.id));
    row.cells[0]!.append(name);
    setText(row.cells[1]!, shortId(node.id));
    setAttribute(row.cells[1]!, "title", node.id);
    row.cells[1]!.classList.add("id");
    setText(row.cells[2]!, networkWords(node.network));
    return row;
  }

  #update(row: HTMLTableRowElement, node: KnownNode): void {
    const { position } = node;
    setText(row.cells[0]!.firstElementChild!, node.name ?? node.shortName ?? "without a name");
    setText(row.cells[3]!, roleWords(node.role));
    setText(row.cells[4]!, words(node.hardware ?? ""));
    setText(row.cells[5]!, node.lastSeen === undefined ? "never" : ago(node.lastSeen, this.#now));
    const cell = row.cells[6]!;
    if (position === undefined) {
      setText(cell, "none");
      return;
    }
    const text = `${position[0].toFixed(3)}, ${position[1].toFixed(3)}`;
    if (cell.textContent === text) return;
    const button = make("button", {
      type: "button",
      class: "plain",
      title: "Show on the map",
      text,
    });
    button.addEventListener("click", () => this.#actions.place(position));
    cell.replaceChildren(button);
  }
}

function roleWords(role: string | undefined): string {
  if (role === undefined) return "";
  const plain = words(role).toLowerCase();
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

function compare(a: KnownNode, b: KnownNode, key: SortKey): number {
  if (key === "lastSeen") return (a.lastSeen ?? 0) - (b.lastSeen ?? 0);
  // What has no value comes last, whichever way.
  return (a[key] ?? "\uffff").localeCompare(b[key] ?? "\uffff");
}
