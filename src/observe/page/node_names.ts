/** Names of nodes, for packets that only say an id. Pure. @module */
import type { PageNode } from "../../capture/page_view.ts";
import type { NodesAnswer } from "../page_api.ts";
import { shownName } from "./format.ts";

/** A node with its network. */
export interface KnownNode extends PageNode {
  /** Name of the network. */
  readonly network: string;
}

/** Nodes of packets that are remembered beside those of the databases: anybody may send as whoever. */
const MAX_HEARD = 5_000;

/** All nodes that the page knows. */
export class NodeBook {
  #stored = new Map<string, KnownNode>();
  /** Those that packets told of since the page was opened, heard last at the end. */
  readonly #heard = new Map<string, KnownNode>();

  /** Every node. */
  get all(): readonly KnownNode[] {
    return [...new Map([...this.#stored, ...this.#heard]).values()];
  }

  /**
   * Takes what the service says in place of what it said before. What packets told stays: the database
   * may have a node's time of when it said its name, or no such node yet. Of a network whose database
   * does not answer, what was known stays.
   */
  replace({ networks, problems }: Pick<NodesAnswer, "networks" | "problems">): void {
    const kept = [...this.#stored].filter(([, node]) => Object.hasOwn(problems, node.network));
    this.#stored = new Map(kept);
    for (const [network, nodes] of Object.entries(networks)) {
      for (const node of nodes) {
        this.#stored.set(keyOf(network, node.id), { ...withNames(node), network });
      }
    }
    for (const [key, heard] of this.#heard) {
      const stored = this.#stored.get(key);
      if (stored !== undefined) {
        this.#heard.set(key, {
          ...heard,
          ...stored,
          lastSeen: later(heard.lastSeen, stored.lastSeen),
        });
      }
    }
  }

  /** A packet was heard from a node, and perhaps says its name or place. */
  heard(
    network: string,
    id: string,
    at: number,
    news: { readonly name?: string; readonly position?: readonly [number, number] },
  ): void {
    const key = keyOf(network, id);
    const known = this.#known(key);
    this.#heard.delete(key);
    this.#heard.set(key, {
      id,
      network,
      ...known,
      ...withNames(news),
      lastSeen: later(at, known?.lastSeen),
    });
    if (this.#heard.size > MAX_HEARD) this.#heard.delete(this.#heard.keys().next().value!);
  }

  /** Name of a node; undefined: it is not known. */
  nameOf(network: string, id: string | undefined): string | undefined {
    if (id === undefined) return undefined;
    const node = this.#known(keyOf(network, id));
    return node?.name ?? node?.shortName;
  }

  #known(key: string): KnownNode | undefined {
    return this.#heard.get(key) ?? this.#stored.get(key);
  }
}

/** The same with names that can be shown, and without those that cannot. */
function withNames<T extends { readonly name?: string; readonly shortName?: string }>(node: T): T {
  const { name, shortName, ...rest } = node;
  const [shown, short] = [shownName(name), shownName(shortName)];
  return {
    ...rest,
    ...(shown === undefined ? {} : { name: shown }),
    ...(short === undefined ? {} : { shortName: short }),
  } as T;
}

function later(one = 0, other = 0): number {
  return Math.max(one, other);
}

/** Observers write keys in capitals. */
function keyOf(network: string, id: string): string {
  return `${network} ${id.toLowerCase()}`;
}
