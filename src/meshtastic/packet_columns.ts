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

/** The cells of a row. */
export function packetCells(p: PacketRow): Cell[] {
  return [
    p.timestamp,
    p.topic,
    p.fromNodeId,
    p.toNodeId,
    p.portnum,
    p.portnumName,
    p.gatewayId,
    p.channelId,
    p.channelName,
    p.meshPacketId,
    p.rssi,
    p.snr,
    p.hopLimit,
    p.hopStart,
    p.payloadLength,
    p.rawPayload,
    p.processedSuccessfully,
    p.viaMqtt,
    p.wantAck,
    p.priority,
    p.delayed,
    p.channelIndex,
    p.rxTime,
    p.pkiEncrypted,
    p.nextHop,
    p.relayNode,
    p.txAfter,
    p.messageType,
    p.rawServiceEnvelope,
    p.parsingError,
    p.transport,
    p.qos,
    p.retained,
    p.captureSource,
    p.captureKey,
  ];
}
