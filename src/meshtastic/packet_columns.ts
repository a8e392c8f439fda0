/** The columns of `packet_history` in the order of the insert, with what fills each. @module */
import type { Cell } from "../storage/packed_rows.ts";
import type { PacketRow } from "./record.ts";

/** Column names, in the order of {@linkcode packetCells}. */
export const packetColumns = [
  "timestamp",
  "topic",
  "from_node_id",
  "to_node_id",
  "portnum",
  "portnum_name",
  "gateway_id",
  "channel_id",
  "channel_name",
  "mesh_packet_id",
  "rssi",
  "snr",
  "hop_limit",
  "hop_start",
  "payload_length",
  "raw_payload",
  "processed_successfully",
  "via_mqtt",
  "want_ack",
  "priority",
  "delayed",
  "channel_index",
  "rx_time",
  "pki_encrypted",
  "next_hop",
  "relay_node",
  "tx_after",
  "message_type",
  "raw_service_envelope",
  "parsing_error",
  "transport",
  "qos",
  "retained",
  "capture_source",
  "capture_key",
] as const;

/** Position of a column that the writer reads again. */
export function columnIndex(name: (typeof packetColumns)[number]): number {
  return packetColumns.indexOf(name);
}

/** Puts the cells of a row into `cells`, which has a place for each column. */
export function packetCells(p: PacketRow, cells: Cell[]): void {
  let at = 0;
  cells[at++] = p.timestamp;
  cells[at++] = p.topic;
  cells[at++] = p.fromNodeId;
  cells[at++] = p.toNodeId;
  cells[at++] = p.portnum;
  cells[at++] = p.portnumName;
  cells[at++] = p.gatewayId;
  cells[at++] = p.channelId;
  cells[at++] = p.channelName;
  cells[at++] = p.meshPacketId;
  cells[at++] = p.rssi;
  cells[at++] = p.snr;
  cells[at++] = p.hopLimit;
  cells[at++] = p.hopStart;
  cells[at++] = p.payloadLength;
  cells[at++] = p.rawPayload;
  cells[at++] = p.processedSuccessfully;
  cells[at++] = p.viaMqtt;
  cells[at++] = p.wantAck;
  cells[at++] = p.priority;
  cells[at++] = p.delayed;
  cells[at++] = p.channelIndex;
  cells[at++] = p.rxTime;
  cells[at++] = p.pkiEncrypted;
  cells[at++] = p.nextHop;
  cells[at++] = p.relayNode;
  cells[at++] = p.txAfter;
  cells[at++] = p.messageType;
  cells[at++] = p.rawServiceEnvelope;
  cells[at++] = p.parsingError;
  cells[at++] = p.transport;
  cells[at++] = p.qos;
  cells[at++] = p.retained;
  cells[at++] = p.captureSource;
  cells[at] = p.captureKey;
}
