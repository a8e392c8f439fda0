/**
 * A whole packet in words, as CoreScope's decoder gives it: for pages, exports and comparison.
 *
 * @module
 */
import type { JsonValue } from "./go_json.ts";
import { encodeHexUpper } from "./hex.ts";
import { isFloodRoute, type PacketFrame, PAYLOAD } from "./packet.ts";
import { traceRoute } from "./payload.ts";
import type { Payload } from "./payload_fields.ts";

/** Header, path and payload of a packet; keys and their order are CoreScope's. */
export type PacketDescription = { readonly [key: string]: JsonValue | undefined };

/** Describes a packet whose payload was read. */
export function describePacket(frame: PacketFrame, payload: Payload): PacketDescription {
  return {
    header: {
      routeType: frame.routeType,
      routeTypeName: frame.routeName,
      payloadType: frame.payloadType,
      payloadTypeName: frame.payloadName,
      payloadVersion: frame.payloadVersion,
    },
    transportCodes: frame.transportCodes,
    path: describePath(frame),
    payload,
    raw: encodeHexUpper(frame.bytes),
    anomaly: anomalyOf(frame),
  };
}

function describePath(frame: PacketFrame): JsonValue {
  const route = traceRoute(frame);
  if (route !== undefined) {
    const { hashSize, hops } = route;
    return { hashSize, hashCount: hops.length, hops, hopsCompleted: frame.hops.length };
  }
  // Without hops, the size that a direct packet's path byte names means nothing.
  const unknown = !isFloodRoute(frame.routeType) && frame.hops.length === 0 &&
    frame.payloadType !== PAYLOAD.TRACE;
  return {
    hashSize: unknown ? 0 : frame.hashSize,
    hashCount: frame.hops.length,
    hops: frame.hops,
  };
}

function anomalyOf(frame: PacketFrame): string | undefined {
  if (frame.payloadType !== PAYLOAD.TRACE) return undefined;
  if (frame.payload.length < 9) return "TRACE payload decode failed: too short";
  return isFloodRoute(frame.routeType) && frame.payload.length > 9
    ? "TRACE packet with non-DIRECT routing (expected DIRECT or TRANSPORT_DIRECT)"
    : undefined;
}
