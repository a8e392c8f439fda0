/** A batch of records on its way to the storage thread. @module */
import { PackedBatch } from "../storage/packed_batch.ts";
import { type Cell, type PackedRows, RowPacker } from "../storage/packed_rows.ts";
import { packetCells, packetColumns } from "./packet_columns.ts";
import type { MeshtasticRecord, NodeUpdate, PacketDetails } from "./record.ts";

/** What crosses: rows packed, and what only some records have by their position. */
export interface EncodedMeshtastic {
  /** Rows of `packet_history`. */
  readonly packets: PackedRows;
  /** Node number of the gateway of each record; NaN: none. */
  readonly gateways: Float64Array<SharedArrayBuffer>;
  /** News of nodes, with the number of their packet in the batch. */
  readonly nodes: readonly (readonly [index: number, update: NodeUpdate])[];
  /** Details of payloads, with the number of their packet in the batch. */
  readonly details: readonly (readonly [index: number, details: PacketDetails])[];
}

/** Packs records as they are added. */
export class MeshtasticBatch extends PackedBatch<MeshtasticRecord> {
  readonly #packer: RowPacker;
  readonly #gateways: Float64Array<SharedArrayBuffer>;
  #nodes: [number, NodeUpdate][] = [];
  #details: [number, PacketDetails][] = [];
  readonly #withDetails: boolean;
  readonly #cells: Cell[] = new Array(packetColumns.length).fill(null);

  /** Room for `capacity` records. `withDetails`: the thread writes meshpipe's tables, too. */
  constructor(capacity: number, withDetails: boolean) {
    super(capacity);
    this.#withDetails = withDetails;
    this.#packer = new RowPacker(capacity, packetColumns.length);
    this.#gateways = new Float64Array(new SharedArrayBuffer(capacity * 8));
  }

  /** As {@linkcode PackedBatch.size}. */
  override get size(): number {
    return this.#packer.rows;
  }

  /** As {@linkcode PackedBatch.add}. */
  override add(record: MeshtasticRecord): void {
    const index = this.#packer.rows;
    packetCells(record.packet, this.#cells);
    this.#packer.add(this.#cells);
    this.#gateways[index] = record.gatewayNodeId ?? NaN;
    if (record.node !== undefined) this.#nodes.push([index, record.node]);
    if (this.#withDetails && record.details !== undefined) {
      this.#details.push([index, record.details]);
    }
  }

  /** As {@linkcode PackedBatch.clear}. */
  protected override clear(): void {
    this.#packer.clear();
    this.#nodes = [];
    this.#details = [];
  }

  /** As {@linkcode PackedBatch.encode}. */
  override encode(): EncodedMeshtastic {
    return {
      packets: this.#packer.finish(),
      gateways: this.#gateways,
      nodes: this.#nodes,
      details: this.#details,
    };
  }
}
