/**
 * Builds rows of `packet_history`.
 *
 * @module
 */
import type { Message } from "../capture/message.ts";
import { nodeHexId, parseNodeId } from "./node_id.ts";
import type { MeshPacket } from "./messages.ts";
import type { PacketRow } from "./record.ts";
import type { MeshtasticTopic } from "./topic.ts";

/** What a row takes from the envelope around the packet. */
export interface EnvelopeHeader {
  /** As the envelope has it; `!%08x` in lower case where it is a node's. */
  readonly gatewayId: string;
  /** Number of the gateway that published it; undefined where its id is none. */
  readonly gatewayNodeId: number | undefined;
  /** The envelope's `channel_id`, as text. */
  readonly channelId: string;
}

/** Makes the header of an envelope's two strings. */
export function envelopeHeader(gatewayId: string, channelId: string): EnvelopeHeader {
  const gatewayNodeId = parseNodeId(gatewayId);
  return {
    gatewayId: gatewayNodeId === undefined ? gatewayId : nodeHexId(gatewayNodeId),
    gatewayNodeId,
    channelId,
  };
}

/** What an envelope without a packet says of it: every field is absent. */
export const NO_PACKET: MeshPacket = {
  from: 0,
  to: 0,
  channel: 0,
  payload_variant: undefined,
  decoded: null,
  encrypted: [],
  id: 0,
  rx_time: null,
  rx_snr: 0,
  hop_limit: 0,
  want_ack: false,
  priority: 0,
  rx_rssi: null,
  delayed: 0,
  via_mqtt: false,
  hop_start: 0,
  pki_encrypted: false,
  next_hop: 0,
  relay_node: 0,
  tx_after: 0,
  transport_mechanism: 0,
};

/** A row of which only the message and its topic are known; the caller fills in the rest. */
export function emptyRow(message: Message, topic: MeshtasticTopic, storeRaw: boolean): PacketRow {
  return {
    // Whole microseconds, so that a time is the same however often it is read, moved and replayed.
    timestamp: Math.round(message.receivedAt * 1000) / 1e6,
    topic: message.topic,
    fromNodeId: null,
    toNodeId: null,
    portnum: null,
    portnumName: null,
    // Empty, not null, as Malla has it: some of its pages count such rows as one more gateway.
    gatewayId: "",
    channelId: "",
    channelName: topic.channelName,
    meshPacketId: null,
    rssi: null,
    snr: null,
    hopLimit: null,
    hopStart: null,
    payloadLength: 0,
    rawPayload: null,
    processedSuccessfully: false,
    viaMqtt: null,
    wantAck: null,
    priority: null,
    delayed: null,
    channelIndex: null,
    rxTime: null,
    pkiEncrypted: null,
    nextHop: null,
    relayNode: null,
    txAfter: null,
    messageType: topic.messageType,
    rawServiceEnvelope: storeRaw ? message.payload : null,
    parsingError: null,
    transport: null,
    qos: message.qos,
    retained: message.retained,
    captureSource: message.source,
    captureKey: null,
  };
}

/** Fills in what the envelope and the packet's header say; port and payload stay the caller's. */
export function fillHeader(row: PacketRow, header: EnvelopeHeader, packet: MeshPacket): void {
  row.gatewayId = header.gatewayId;
  row.channelId = header.channelId;
  row.fromNodeId = packet.from;
  row.toNodeId = packet.to;
  row.meshPacketId = packet.id;
  row.rssi = packet.rx_rssi ?? 0;
  // A NaN would become NULL in SQLite, which stands for "no packet".
  row.snr = Number.isFinite(packet.rx_snr) ? packet.rx_snr : 0;
  row.hopLimit = packet.hop_limit;
  row.hopStart = packet.hop_start;
  row.viaMqtt = packet.via_mqtt;
  row.wantAck = packet.want_ack;
  row.priority = packet.priority;
  row.delayed = packet.delayed;
  row.channelIndex = packet.channel;
  row.rxTime = packet.rx_time ?? 0;
  row.pkiEncrypted = packet.pki_encrypted;
  row.nextHop = packet.next_hop;
  row.relayNode = packet.relay_node;
  row.txAfter = packet.tx_after;
  row.transport = packet.transport_mechanism;
}
