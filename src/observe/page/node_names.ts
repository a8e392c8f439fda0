/** Names of nodes, for packets that only say an id. Pure. @module */
import type { PageNode } from "../../capture/page_view.ts";

/** A node with its network. */
export interface KnownNode extends PageNode {
  /** Name of the network. */
  readonly network: string;
}

/** All nodes that the page knows. */
export class NodeBook {
  #nodes = new Map<string, KnownNode>();

  /** Every node. */
  get all(): readonly KnownNode[] {
    return [...this.#nodes.values()];
  }

  /** Takes what the service says in place of what was known. */
  replace(networks: Readonly<Record<string, readonly PageNode[]>>): void {
    this.#nodes = new Map();
    for (const [network, nodes] of Object.entries(networks)) {
      for (const node of nodes) this.#nodes.set(keyOf(network, node.id), { ...node, network });
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
    const known = this.#nodes.get(key);
    this.#nodes.set(key, { id, network, ...known, ...news, lastSeen: at });
  }

  /** Name of a node; undefined: it is not known. */
  nameOf(network: string, id: string | undefined): string | undefined {
    if (id === undefined) return undefined;
    const node = this.#nodes.get(keyOf(network, id));
    return node?.name ?? node?.shortName;
  }
}

/** Observers write keys in capitals. */
function keyOf(network: string, id: string): string {
  return `${network} ${id.toLowerCase()}`;
}
