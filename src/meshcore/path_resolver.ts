/**
 * Which nodes the hashes of a path stand for.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";

/** Hex digits of the prefixes that hops have: 1, 2, 3 bytes, and those of CoreScope's index. */
const PREFIX_DIGITS = [2, 4, 6, 8, 12, 16] as const;

/** Nodes by the beginnings of their keys. */
export class PrefixIndex {
  /** One key, or several: then the prefix alone decides nothing. */
  readonly #keys = new Map<string, string | string[]>();

  /** Indexes `publicKeys`. */
  constructor(publicKeys: Iterable<string>) {
    for (const key of publicKeys) {
      const node = key.toLowerCase();
      for (const digits of PREFIX_DIGITS) {
        if (node.length < digits) break;
        const prefix = node.slice(0, digits);
        const known = this.#keys.get(prefix);
        if (known === undefined) this.#keys.set(prefix, node);
        else if (typeof known === "string") this.#keys.set(prefix, [known, node]);
        else known.push(node);
      }
    }
  }

  /** Reads the nodes of a database. */
  static read(db: DatabaseSync): PrefixIndex {
    return new PrefixIndex(
      db.prepare("SELECT public_key FROM nodes").all().map((row) => String(row["public_key"])),
    );
  }

  /** The node whose key begins with `hop` (hex of either case), or all of several. */
  find(hop: string): string | readonly string[] | undefined {
    return this.#keys.get(hop.toLowerCase());
  }

  /** The only node whose key begins with `hop`; undefined when there is none, or several. */
  unique(hop: string): string | undefined {
    const found = this.find(hop);
    return typeof found === "string" ? found : undefined;
  }
}

/** Who is next to whom. */
export class NeighbourGraph {
  readonly #next = new Map<string, Set<string>>();

  /** Reads the edges of a database. */
  static read(db: DatabaseSync): NeighbourGraph {
    const graph = new NeighbourGraph();
    for (const row of db.prepare("SELECT node_a, node_b FROM neighbor_edges").iterate()) {
      graph.add(String(row["node_a"]), String(row["node_b"]));
    }
    return graph;
  }

  /** Adds an edge, which has no direction. */
  add(a: string, b: string): void {
    if (a === "" || b === "" || a === b) return;
    this.#of(a).add(b);
    this.#of(b).add(a);
  }

  /** True when the two are ends of an edge. */
  areNext(a: string, b: string): boolean {
    return this.#next.get(a)?.has(b) ?? false;
  }

  #of(node: string): Set<string> {
    let next = this.#next.get(node);
    if (next === undefined) this.#next.set(node, next = new Set());
    return next;
  }
}

/**
 * Resolves paths by what was known at the last tick of the neighbour builder, as CoreScope does: so
 * a node that has just shown itself is known a minute later.
 */
export class PathResolver {
  /** Nodes as of the last tick. */
  index = new PrefixIndex([]);
  /** Edges as of the last tick, and those added since. */
  graph = new NeighbourGraph();
  /** Edges were deleted: the graph is to be read anew at the next tick. */
  graphIsStale = false;

  /** A resolver that knows what a database holds now. */
  static read(db: DatabaseSync): PathResolver {
    const resolver = new PathResolver();
    resolver.index = PrefixIndex.read(db);
    resolver.graph = NeighbourGraph.read(db);
    return resolver;
  }

  /**
   * The keys of the hops' nodes as JSON, null where it cannot be told; null when none can.
   *
   * A hop whose prefix several nodes share is the one of them that is next to the hop before (to
   * the sender, for the first hop), if there is exactly one. No node is passed twice.
   *
   * @param hops hex of either case
   * @param sender key of the originator, if it is known
   */
  resolve(hops: readonly string[], sender: string | null): string | null {
    if (hops.length === 0) return null;
    let anchor = sender?.toLowerCase() ?? "";
    const passed: string[] = anchor === "" ? [] : [anchor];
    const nodes: (string | null)[] = [];
    let any = false;
    for (const hop of hops) {
      const node = this.#node(hop, anchor, passed);
      anchor = node ?? "";
      nodes.push(node ?? null);
      if (node === undefined) continue;
      passed.push(node);
      any = true;
    }
    return any ? JSON.stringify(nodes) : null;
  }

  #node(hop: string, anchor: string, passed: readonly string[]): string | undefined {
    const found = this.index.find(hop);
    // The only node of that prefix; if it was passed already, somebody unknown has the same.
    if (typeof found === "string") return passed.includes(found) ? undefined : found;
    if (found === undefined || anchor === "") return undefined;
    const next = found.filter((node) => !passed.includes(node) && this.graph.areNext(anchor, node));
    return next.length === 1 ? next[0] : undefined;
  }
}
