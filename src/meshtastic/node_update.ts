/**
 * What a node says of itself: `User` (NODEINFO) over the radio, `MapReport` over MQTT.
 *
 * @module
 */
import { nodeHexId } from "./node_id.ts";
import type { FieldBytes, MapReport, MeshPacket, User } from "./messages.ts";
import type { MeshtasticProtobuf } from "./protobuf.ts";
import type { NodeUpdate } from "./record.ts";
import { decodeName, decodeText } from "./text.ts";

/** What the update needs to know of the packet that it came in. */
export interface NodeUpdateContext {
  /** The packet that brings the news. */
  readonly packet: MeshPacket;
  /** Seconds since the epoch. */
  readonly seenAt: number;
  /** The envelope's channel. */
  readonly channelId: string;
}

/**
 * What a NODEINFO payload says. The sender's number counts: a `User.id` that disagrees is left out.
 * Empty names are left out too, so that they cannot wipe known ones.
 */
export function userUpdate(
  proto: MeshtasticProtobuf,
  user: User,
  context: NodeUpdateContext,
): NodeUpdate {
  const { packet, channelId } = context;
  const update: NodeUpdate = {
    nodeId: packet.from,
    seenAt: context.seenAt,
    origin: "nodeinfo",
    hwModel: user.hw_model === 0 ? "Unknown" : proto.hardwareModel(user.hw_model),
    hwModelNumber: user.hw_model,
    role: proto.role(user.role),
    roleNumber: user.role,
    isLicensed: user.is_licensed,
    viaMqtt: packet.via_mqtt,
  };
  setNames(update, user);
  const userId = decodeText(user.id);
  if (userId.toLowerCase() === nodeHexId(packet.from)) update.userId = userId;
  if (user.macaddr.length === 6) update.macAddress = macAddress(user.macaddr);
  if (channelId !== "") update.primaryChannel = channelId;
  if (Number.isFinite(packet.rx_snr) && packet.rx_snr !== 0) update.snr = packet.rx_snr;
  // In an encrypted packet this is the channel's hash, which says nothing of a channel's index.
  if (packet.payload_variant === "decoded") update.channel = packet.channel;
  if (packet.hop_start > 0 && packet.hop_start >= packet.hop_limit) {
    update.hopsAway = packet.hop_start - packet.hop_limit;
  }
  return update;
}

/** What a MapReport says. What is not set there says nothing. */
export function mapReportUpdate(
  proto: MeshtasticProtobuf,
  report: MapReport,
  context: NodeUpdateContext,
): NodeUpdate {
  const update: NodeUpdate = {
    nodeId: context.packet.from,
    seenAt: context.seenAt,
    origin: "map_report",
    role: proto.role(report.role),
    roleNumber: report.role,
    modemPreset: proto.modemPreset(report.modem_preset),
    modemPresetNumber: report.modem_preset,
  };
  setNames(update, report);
  if (report.hw_model !== 0) {
    update.hwModel = proto.hardwareModel(report.hw_model);
    update.hwModelNumber = report.hw_model;
  }
  if (report.region !== 0) {
    update.region = proto.region(report.region);
    update.regionNumber = report.region;
  }
  const firmware = decodeName(report.firmware_version);
  if (firmware !== "") update.firmwareVersion = firmware;
  return update;
}

function setNames(
  update: NodeUpdate,
  names: { readonly long_name: FieldBytes; readonly short_name: FieldBytes },
): void {
  const longName = decodeName(names.long_name);
  if (longName !== "") update.longName = longName;
  const shortName = decodeName(names.short_name);
  if (shortName !== "") update.shortName = shortName;
}

function macAddress(bytes: FieldBytes): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) {
    text += `${i === 0 ? "" : ":"}${bytes[i]!.toString(16).padStart(2, "0")}`;
  }
  return text;
}
