/** @module */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { hexIdOf, isNodeId, mergeNode, newNode, nodeColumns, type NodeRow } from "./node_merge.ts";
import type { NodeUpdate } from "./record.ts";

/**
 * Columns with an index. An UPDATE that names one rewrites its index, also where the value stays, and
 * they hardly ever change: two pages a commit less to write.
 */
const INDEXED: readonly (keyof NodeRow)[] = ["hex_id", "primary_channel"];
const ORDINARY = nodeColumns.filter((name) => name !== "node_id" && !INDEXED.includes(name));

/**
 * What is known of every node, and `node_info` behind it. A node is written once a transaction at
 * most, and only when it changed; what a transaction that failed had learned is forgotten.
 */
export class NodeCache {
  readonly #nodes: Map<number, NodeRow>;
  readonly #staged = new Map<number, NodeRow>();
  readonly #unwritten = new Set<number>();
  readonly #upsert: StatementSync;
  readonly #update: StatementSync;

  /** Loads `node_info`. */
  constructor(db: DatabaseSync) {
    const columns = nodeColumns.join(", ");
    const rows = db.prepare(`SELECT ${columns} FROM node_info`).all() as unknown as NodeRow[];
    this.#nodes = new Map(rows.map((row) => [row.node_id, row]));
    const values = nodeColumns.map(() => "?").join(", ");
    const updates = nodeColumns.slice(1).map((name) => `${name} = excluded.${name}`).join(", ");
    this.#upsert = db.prepare(
      `INSERT INTO node_info (${columns}) VALUES (${values})
       ON CONFLICT (node_id) DO UPDATE SET ${updates}`,
    );
    const ordinary = ORDINARY.map((name) => `${name} = ?`).join(", ");
    this.#update = db.prepare(`UPDATE node_info SET ${ordinary} WHERE node_id = ?`);
  }

  /** What is known of a node. */
  get(nodeId: number): Readonly<NodeRow> | undefined {
    return this.#staged.get(nodeId) ?? this.#nodes.get(nodeId);
  }

  /** Merges what a NODEINFO or a MapReport says. */
  update(update: NodeUpdate): void {
    if (!isNodeId(update.nodeId)) return;
    const known = this.get(update.nodeId);
    const row = mergeNode(known, update);
    if (known === undefined || nodeColumns.some((name) => known[name] !== row[name])) {
      this.#stage(row);
    }
  }

  /** A gateway was heard of at `seenAt` (seconds): it gets a row with its id, if it has none. */
  sawGateway(nodeId: number, seenAt: number): void {
    if (!isNodeId(nodeId) || nodeId === 0) return;
    const known = this.get(nodeId);
    if (known === undefined) return this.#stage(newNode(nodeId, seenAt));
    if (known.hex_id !== null && (known.first_seen ?? Infinity) <= seenAt) return;
    this.#stage({
      ...known,
      hex_id: hexIdOf(nodeId),
      first_seen: Math.min(known.first_seen ?? seenAt, seenAt),
      last_updated: known.last_updated ?? seenAt,
    });
  }

  /** Writes what changed. Returns the number of rows. */
  flush(): number {
    for (const nodeId of this.#unwritten) {
      this.#write(this.#staged.get(nodeId)!, this.#nodes.get(nodeId));
    }
    const written = this.#unwritten.size;
    this.#unwritten.clear();
    return written;
  }

  /** The transaction is durable. */
  committed(): void {
    for (const [nodeId, row] of this.#staged) this.#nodes.set(nodeId, row);
    this.#staged.clear();
  }

  /** The transaction left nothing. */
  rolledBack(): void {
    this.#staged.clear();
    this.#unwritten.clear();
  }

  #write(row: NodeRow, durable: NodeRow | undefined): void {
    if (durable !== undefined && INDEXED.every((name) => durable[name] === row[name])) {
      const { changes } = this.#update.run(...ORDINARY.map((name) => row[name]), row.node_id);
      // None where somebody else has deleted it.
      if (changes > 0) return;
    }
    this.#upsert.run(...nodeColumns.map((name) => row[name]));
  }

  #stage(row: NodeRow): void {
    this.#staged.set(row.node_id, row);
    this.#unwritten.add(row.node_id);
  }
}
