/** A batch of records on its way to the storage thread. @module */
import type { EncodedBatch } from "../storage/thread_store.ts";
import {
  type Cell,
  type PackedRows,
  RowPacker,
  STEP_ROWS,
  transferables,
} from "../storage/packed_rows.ts";
import { packetCells, packetColumns } from "./packet_columns.ts";
import type { MeshtasticRecord, NodeUpdate, PacketDetails } from "./record.ts";

/** What crosses: rows packed, and what only some records have by their position. */
export interface MeshtasticBatch {
  /** Rows of `packet_history`. */
  readonly packets: PackedRows;
  /** Node number of the gateway of each record; NaN: none. */
  readonly gateways: Float64Array<ArrayBuffer>;
  /** News of nodes, with the number of their packet in the batch. */
  readonly nodes: readonly (readonly [index: number, update: NodeUpdate])[];
  /** Details of payloads, with the number of their packet in the batch. */
  readonly details: readonly (readonly [index: number, details: PacketDetails])[];
}

/** Packs a batch, step by step. `withDetails`: the thread writes meshpipe's tables, too. */
export function* encodeBatch(
  records: readonly MeshtasticRecord[],
  withDetails: boolean,
): Generator<void, EncodedBatch> {
  const gateways = new Float64Array(records.length);
  const nodes: [number, NodeUpdate][] = [];
  const details: [number, PacketDetails][] = [];
  const packer = new RowPacker(records.length, packetColumns.length);
  const cells: Cell[] = new Array(packetColumns.length).fill(null);
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!;
    if (i > 0 && i % STEP_ROWS === 0) yield;
    gateways[i] = record.gatewayNodeId ?? NaN;
    if (record.node !== undefined) nodes.push([i, record.node]);
    if (withDetails && record.details !== undefined) details.push([i, record.details]);
    packetCells(record.packet, cells);
    packer.add(cells);
  }
  const packets = packer.finish();
  const value: MeshtasticBatch = { packets, gateways, nodes, details };
  return { value, transfer: [...transferables(packets), gateways.buffer] };
}
