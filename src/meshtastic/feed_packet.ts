/** A packet as the live feed shows it. @module */
import type { FeedPacket } from "../capture/page_view.ts";
import { BROADCAST, isNode, nodeHexId } from "./node_id.ts";
import type { NodeUpdate, PacketDetails, PacketRow } from "./record.ts";

/** What is shown of a row. */
export type ShownRow = Pick<
  PacketRow,
  | "timestamp"
  | "captureSource"
  | "fromNodeId"
  | "toNodeId"
  | "gatewayId"
  | "channelId"
  | "snr"
  | "rssi"
  | "hopStart"
  | "hopLimit"
  | "payloadLength"
  | "processedSuccessfully"
  | "parsingError"
>;

/** What is shown beside the row. */
export interface ShownContent {
  /** Label of the type. */
  readonly type: string;
  /** How decryption went; absent where that is not known any more. */
  readonly decrypt?: string;
  /** What the payload says. */
  readonly details?: PacketDetails | undefined;
  /** What it says of its node. */
  readonly node?: NodeUpdate | undefined;
}

/** Characters of a text that are shown. */
const MAX_TEXT = 300;

/** The packet of a row. */
export function feedPacket(row: ShownRow, content: ShownContent): FeedPacket {
  const { details, node } = content;
  const hops = row.hopStart !== null && row.hopLimit !== null && row.hopStart > 0
    ? row.hopStart - row.hopLimit
    : undefined;
  const position = details?.kind === "position" && details.latitude !== null &&
      details.longitude !== null
    ? [details.latitude, details.longitude] as const
    : undefined;
  return {
    network: "meshtastic",
    at: Math.round(row.timestamp * 1000),
    source: row.captureSource,
    type: content.type,
    ...(row.fromNodeId === null || !isNode(row.fromNodeId)
      ? {}
      : { from: nodeHexId(row.fromNodeId) }),
    ...(node?.longName === undefined ? {} : { fromName: node.longName }),
    ...(row.toNodeId === null
      ? {}
      : { to: row.toNodeId === BROADCAST ? "all" : nodeHexId(row.toNodeId) }),
    ...(row.gatewayId ? { heardBy: row.gatewayId.slice(0, MAX_TEXT) } : {}),
    ...(row.channelId ? { channel: row.channelId.slice(0, MAX_TEXT) } : {}),
    text: textOf(row, details, node),
    ...(content.decrypt === undefined ? {} : { decrypt: content.decrypt }),
    readable: row.processedSuccessfully,
    // Absent numbers are 0 in a row; a gateway's own packets have neither.
    ...(row.snr ? { snr: row.snr } : {}),
    ...(row.rssi ? { rssi: row.rssi } : {}),
    ...(hops === undefined || hops < 0 ? {} : { hops }),
    ...(position === undefined ? {} : { position }),
  };
}

function textOf(
  row: ShownRow,
  details: PacketDetails | undefined,
  node: NodeUpdate | undefined,
): string {
  if (row.parsingError !== null && row.parsingError !== "") return row.parsingError;
  if (details?.kind === "text" && details.compressed) {
    return `${row.payloadLength} bytes, compressed`;
  }
  if (details !== undefined) return textOfDetails(details);
  if (node !== undefined) {
    const parts = [node.longName, node.shortName && `(${node.shortName})`, node.hwModel, node.role];
    return parts.filter((part) => part !== undefined && part !== "").join(" ").slice(0, MAX_TEXT);
  }
  return `${row.payloadLength} bytes`;
}

function textOfDetails(details: PacketDetails): string {
  switch (details.kind) {
    case "text":
      return details.emoji > 0 ? `reaction: ${details.text}` : details.text.slice(0, MAX_TEXT);
    case "position": {
      const { latitude, longitude, altitude, precisionBits } = details;
      if (latitude === null || longitude === null) return "no position";
      const place = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
      const height = altitude === null ? "" : `, ${altitude} m`;
      return precisionBits > 0 && precisionBits < 32
        ? `${place}${height} (${precisionBits} bits)`
        : `${place}${height}`;
    }
    case "telemetry":
      return (details.variant ?? "empty").replaceAll("_", " ");
    case "traceroute": {
      const ends = `${nodeHexId(details.originNodeId)} → ${nodeHexId(details.destinationNodeId)}`;
      return `${ends}, ${details.hops.length} hops heard`;
    }
    case "neighbors":
      return `${details.neighbors.length} neighbours`;
    case "paxcounter":
      return `${details.wifi} by WiFi, ${details.ble} by Bluetooth`;
    case "range_test":
      return details.text.slice(0, MAX_TEXT);
    case "store_forward":
      return details.requestResponse.replaceAll("_", " ").toLowerCase();
  }
}
