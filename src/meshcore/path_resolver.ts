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

  /** Nodes whose keys begin with `hop` (hex of either case). */
  candidates(hop: string): readonly string[] {
    const found = this.#keys.get(hop.toLowerCase());
    return found === undefined ? [] : typeof found === "string" ? [found] : found;
  }

  /** The only node whose key begins with `hop`; undefined when there is none, or several. */
  unique(hop: string): string | undefined {
    const found = this.#keys.get(hop.toLowerCase());
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
    const passed = new Set(anchor === "" ? [] : [anchor]);
    let any = false;
    const nodes = hops.map((hop) => {
      const node = this.#node(hop, anchor, passed);
      anchor = node ?? "";
      if (node === undefined) return null;
      passed.add(node);
      any = true;
      return node;
    });
    return any ? JSON.stringify(nodes) : null;
  }

  #node(hop: string, anchor: string, passed: ReadonlySet<string>): string | undefined {
    const candidates = this.index.candidates(hop);
    const open = candidates.filter((node) => !passed.has(node));
    // The only node of that prefix; if it was passed already, somebody unknown has the same.
    if (candidates.length <= 1) return open[0];
    if (anchor === "") return undefined;
    const next = open.filter((node) => this.graph.areNext(anchor, node));
    return next.length === 1 ? next[0] : undefined;
  }
}
