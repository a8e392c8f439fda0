/** @module */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import type { BatchWriter } from "../storage/commit_batch.ts";
import { unpackRow } from "../storage/packed_rows.ts";
import { DerivedWriter } from "./derived_writer.ts";
import { NodeCache } from "./node_cache.ts";
import { columnIndex, packetColumns } from "./packet_columns.ts";
import type { NodeUpdate, PacketDetails } from "./record.ts";
import type { EncodedMeshtastic } from "./store_batch.ts";

const TIMESTAMP = columnIndex("timestamp");
const PORTNUM = columnIndex("portnum");
const PARSING_ERROR = columnIndex("parsing_error");

/**
 * What metrics count by kind, also where meshpipe's tables are not written. The names are those of the
 * tables, and the ports those that go into them.
 */
const KINDS: Readonly<Record<number, string>> = {
  1: "text_messages",
  3: "positions",
  7: "text_messages",
  10: "text_messages",
  11: "text_messages",
  67: "telemetry",
};

/** Writes Meshtastic records: packets, nodes, and meshpipe's tables where they are wanted. */
export class MeshtasticWriter implements BatchWriter<EncodedMeshtastic> {
  readonly #insert: StatementSync;
  readonly #nodes: NodeCache;
  readonly #derived: DerivedWriter | undefined;
  readonly #cells: SQLInputValue[] = new Array(packetColumns.length).fill(null);
  #batch: EncodedMeshtastic | undefined;
  #updates = new Map<number, NodeUpdate>();
  #details = new Map<number, PacketDetails>();
  #packets = 0;
  #nodeRows = 0;
  #kinds: Record<string, number> = {};

  /** `db` must have all migrations. */
  constructor(db: DatabaseSync, derivedTables: boolean) {
    const marks = packetColumns.map(() => "?").join(", ");
    // One cached positional statement is the fastest form that node:sqlite has.
    this.#insert = db.prepare(
      `INSERT INTO packet_history (${packetColumns.join(", ")}) VALUES (${marks})`,
    );
    this.#nodes = new NodeCache(db);
    this.#derived = derivedTables ? new DerivedWriter(db) : undefined;
  }

  size(batch: EncodedMeshtastic): number {
    return batch.packets.rows;
  }

  write(batch: EncodedMeshtastic, index: number): void {
    if (batch !== this.#batch) this.#begin(batch);
    unpackRow(batch.packets, index, this.#cells);
    const { lastInsertRowid } = this.#insert.run(...this.#cells);
    this.#packets++;
    this.#countKind();
    const update = this.#updates.get(index);
    if (update !== undefined) this.#nodes.update(update);
    const gateway = batch.gateways[index]!;
    if (!Number.isNaN(gateway)) {
      this.#nodes.sawGateway(gateway, this.#cells[TIMESTAMP] as number);
    }
    this.#derived?.write(lastInsertRowid, this.#cells, this.#details.get(index));
  }

  flush(): void {
    this.#nodeRows += this.#nodes.flush();
    this.#derived?.flush();
  }

  counts(): Record<string, number> {
    return {
      packets: this.#packets,
      nodes: this.#nodeRows,
      ...this.#kinds,
      ...this.#derived?.counts(),
    };
  }

  committed(): void {
    this.#nodes.committed();
    this.#end();
  }

  rolledBack(): void {
    this.#nodes.rolledBack();
    this.#end();
  }

  #countKind(): void {
    const kind = KINDS[Number(this.#cells[PORTNUM] ?? -1)];
    if (kind === undefined || this.#cells[PARSING_ERROR] !== null) return;
    this.#kinds[kind] = (this.#kinds[kind] ?? 0) + 1;
  }

  #begin(batch: EncodedMeshtastic): void {
    this.#batch = batch;
    this.#updates = new Map(batch.nodes);
    this.#details = new Map(batch.details);
  }

  #end(): void {
    this.#packets = 0;
    this.#nodeRows = 0;
    this.#kinds = {};
    this.#derived?.reset();
    // The batch itself is kept until the next one: records are tried again one by one.
  }
}
