/**
 * Reads the payload of a packet by its port. What fails its check is still a row with its raw
 * bytes: the reason goes into `parsing_error`.
 *
 * @module
 */
import { isNode } from "./node_id.ts";
import { mapReportUpdate, type NodeUpdateContext, userUpdate } from "./node_update.ts";
import type { Data, NeighborInfo, Position } from "./messages.ts";
import type { MeshtasticProtobuf } from "./protobuf.ts";
import type { NeighborDetails, NodeUpdate, PacketDetails, PositionDetails } from "./record.ts";
import { readStoreForward } from "./store_forward.ts";
import { decodeText } from "./text.ts";
import { readTraceroute } from "./traceroute.ts";

/** What a payload says beside its bytes. */
export interface PayloadContent {
  /** For meshpipe's tables. */
  readonly details?: PacketDetails;
  /** For `node_info`. */
  readonly node?: NodeUpdate;
  /** Why the payload is not what its port promises. */
  readonly error?: string;
}

const NOTHING: PayloadContent = {};

/**
 * Ports whose content takes more from the packet's header than its sender: hops, times, SNR. What
 * comes under the others is the same in every reception of a packet.
 */
export const READ_WITH_HEADER: ReadonlySet<number> = new Set([4, 70, 73]);

/** Reads `data.payload`. Never throws; ports without a rule of their own say nothing. */
export function readPayload(
  proto: MeshtasticProtobuf,
  data: Data,
  context: NodeUpdateContext,
): PayloadContent {
  const payload = data.payload instanceof Uint8Array ? data.payload : new Uint8Array(0);
  const { packet } = context;
  switch (data.portnum) {
    case 1:
    case 7:
    case 10:
    case 11:
      return { details: readText(data) };
    case 3: {
      const position = proto.position.read(payload);
      return position === undefined ? bad("Position") : { details: readPosition(position) };
    }
    case 4: {
      const user = proto.user.read(payload);
      if (user === undefined) return bad("User");
      return isNode(packet.from) ? { node: userUpdate(proto, user, context) } : NOTHING;
    }
    case 5:
      return proto.routing.read(payload) === undefined ? bad("Routing") : NOTHING;
    case 8:
      return proto.waypoint.read(payload) === undefined ? bad("Waypoint") : NOTHING;
    case 34: {
      const count = proto.paxcount.read(payload);
      if (count === undefined) return bad("Paxcount");
      const { wifi, ble, uptime } = count;
      return { details: { kind: "paxcounter", wifi, ble, uptimeSeconds: uptime } };
    }
    case 65: {
      const message = proto.storeAndForward.read(payload);
      if (message === undefined) return bad("StoreAndForward");
      return { details: readStoreForward(message, proto.storeForwardRequest) };
    }
    case 66:
      return { details: { kind: "range_test", text: decodeText(payload) } };
    case 67: {
      const telemetry = proto.telemetry.read(payload);
      if (telemetry === undefined) return bad("Telemetry");
      return { details: { kind: "telemetry", variant: telemetry.variant ?? null } };
    }
    case 70: {
      const route = proto.routeDiscovery.read(payload);
      if (route === undefined) return bad("RouteDiscovery");
      return { details: readTraceroute(packet, data, route) };
    }
    case 71: {
      const info = proto.neighborInfo.read(payload);
      if (info === undefined) return bad("NeighborInfo");
      return { details: readNeighbors(info, packet.from) };
    }
    case 73: {
      const report = proto.mapReport.read(payload);
      if (report === undefined) return bad("MapReport");
      return isNode(packet.from) ? { node: mapReportUpdate(proto, report, context) } : NOTHING;
    }
    default:
      return NOTHING;
  }
}

function bad(type: string): PayloadContent {
  return { error: `payload: not a ${type}` };
}

/** Chat, a detection sensor's word or an alert. A compressed text (Unishox2) stays as it came. */
function readText(data: Data): PacketDetails {
  return {
    kind: "text",
    text: decodeText(data.payload),
    wantResponse: data.want_response,
    dest: data.dest,
    source: data.source,
    requestId: data.request_id,
    replyId: data.reply_id,
    emoji: data.emoji,
    bitfield: data.bitfield,
    compressed: data.portnum === 7,
  };
}

/** 0 means absent in some of the fields; it becomes null, as meshpipe's columns have it. */
function readPosition(position: Position): PositionDetails {
  return {
    kind: "position",
    latitude: degrees(position.latitude_i, 90),
    longitude: degrees(position.longitude_i, 180),
    altitude: position.altitude,
    time: position.time,
    timestamp: position.timestamp,
    precisionBits: position.precision_bits || null,
    gpsAccuracy: position.gps_accuracy || null,
    pdop: position.PDOP || null,
    hdop: position.HDOP || null,
    vdop: position.VDOP || null,
    satsInView: position.sats_in_view || null,
    fixQuality: position.fix_quality || null,
    fixType: position.fix_type || null,
    groundSpeed: position.ground_speed,
    groundTrack: position.ground_track,
    nextUpdate: position.next_update || null,
    seqNumber: position.seq_number || null,
  };
}

/** Degrees of 1e-7 degrees; null where absent, or where the earth has no such place. */
export function degrees(value: number | null, limit: number): number | null {
  if (value === null) return null;
  const result = value / 1e7;
  return result >= -limit && result <= limit ? result : null;
}

function readNeighbors(info: NeighborInfo, from: number): NeighborDetails {
  return {
    kind: "neighbors",
    originNodeId: info.node_id || from,
    broadcastIntervalSecs: info.node_broadcast_interval_secs,
    neighbors: info.neighbors.map((neighbor) => ({
      nodeId: neighbor.node_id,
      snr: Number.isFinite(neighbor.snr) ? neighbor.snr : 0,
      lastRxTime: neighbor.last_rx_time,
      broadcastIntervalSecs: neighbor.node_broadcast_interval_secs,
    })),
  };
}
