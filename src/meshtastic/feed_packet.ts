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
  /** True where it is not known any more whether a traceroute asks or answers. */
  readonly undirected?: boolean;
}

/** Characters of a text that are shown. */
const MAX_TEXT = 300;

/** The packet of a row. */
export function feedPacket(row: ShownRow, content: ShownContent): FeedPacket {
  const { details } = content;
  const hops = row.hopStart !== null && row.hopLimit !== null && row.hopStart > 0
    ? row.hopStart - row.hopLimit
    : undefined;
  const position = details?.kind === "position"
    ? placeOf(details.latitude, details.longitude)
    : undefined;
  return {
    network: "meshtastic",
    at: Math.round(row.timestamp * 1000),
    source: row.captureSource,
    type: content.type,
    ...(row.fromNodeId === null || !isNode(row.fromNodeId)
      ? {}
      : { from: nodeHexId(row.fromNodeId) }),
    ...(content.node?.longName === undefined ? {} : { fromName: content.node.longName }),
    ...(row.toNodeId === null
      ? {}
      : { to: row.toNodeId === BROADCAST ? "all" : nodeHexId(row.toNodeId) }),
    ...(row.gatewayId ? { heardBy: row.gatewayId.slice(0, MAX_TEXT) } : {}),
    ...(row.channelId ? { channel: row.channelId.slice(0, MAX_TEXT) } : {}),
    text: textOf(row, content),
    ...(content.decrypt === undefined ? {} : { decrypt: content.decrypt }),
    readable: row.processedSuccessfully,
    // Absent numbers are 0 in a row; a gateway's own packets have neither.
    ...(row.snr ? { snr: row.snr } : {}),
    ...(row.rssi ? { rssi: row.rssi } : {}),
    ...(hops === undefined || hops < 0 ? {} : { hops }),
    ...(position === undefined ? {} : { position }),
  };
}

/**
 * The place of these degrees north and east. Undefined where one is null, and at 0, 0: that is what a
 * radio without a fix sends.
 */
export function placeOf(
  north: number | null,
  east: number | null,
): readonly [number, number] | undefined {
  if (north === null || east === null || (north === 0 && east === 0)) return undefined;
  return [north, east];
}

function textOf(row: ShownRow, { details, node, undirected }: ShownContent): string {
  if (row.parsingError !== null && row.parsingError !== "") return row.parsingError;
  if (details?.kind === "text" && details.compressed) {
    return `${row.payloadLength} bytes, compressed`;
  }
  if (details?.kind === "traceroute" && undirected) {
    return `between ${nodeHexId(details.originNodeId)} and ${nodeHexId(details.destinationNodeId)}`;
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
      return precisionBits !== null && precisionBits < 32
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
